# Doxygen's filter for our headers: what stands above a declaration, or behind one, documents it,
# though it is an ordinary comment; a prototype right below another one shares its comment; a file's
# first comment is about the file. A comment with a blank line below it is about a section: not taken.
{ line[NR] = $0 }

function put_comment(text) { print "/** " text " */" }

# Declarations that say enough by themselves, or have no comment for want of anything to add.
function put_default(text, above) {
    if (above ~ /\*\/$/ || above ~ /\\$/) {
        return
    }
    if (text ~ /^GARM_EXPORT/ && above != "") {
        printf "%s", shared
    } else if (text ~ /^typedef struct [a-z_]+_opts \{/) {
        name = text
        gsub(/^typedef struct |_opts \{.*/, "", name)
        put_comment("Options of " name ", by name.")
    } else if (text ~ /^enum [a-z_]+ \{/) {
        put_comment("One of these.")
    } else if (text ~ /^#define GARM_[A-Z_]+_MAX /) {
        put_comment("A bound.")
    }
}

END {
    sub(/^\/\* /, "/** @file\n * ", line[1])
    for (i = 1; i <= NR; i++) {
        if (line[i] ~ /^ +(size_t size|const char \*where);/ && line[i] !~ /\/\*/) {
            line[i] = line[i] (line[i] ~ /where/ ? " /* the caller's line, for messages */" : " /* of this struct */")
        }
        if (line[i] ~ /^ *\/\*\*? / && i > 1) {
            shared = ""
            for (end = i; line[end] !~ /\*\// && end < NR; end++) {
                shared = shared line[end] "\n"
            }
            shared = shared line[end] "\n"
            if (line[end + 1] ~ /[^ ]/) {
                sub(/\/\*+/, "/**", line[i])
            }
        } else if (line[i] ~ /[;,{] +\/\* /) {
            sub(/\/\* /, "/**< ", line[i])
        } else {
            put_default(line[i], line[i - 1])
        }
        print line[i]
    }
}
