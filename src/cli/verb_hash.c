/* garm hash: the hash of a password, for garm serve --auth and for databases. */
#include "cli/command.h"

#include "app/crypto_sodium.h"
#include "base/slice.h"
#include "base/sys.h"

#include <garm/password.h>

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A password with its newline, and the byte by which a longer one is known. */
struct entry {
    char text[GARM_PASSWORD_BYTES_MAX + 2];
    size_t len;
};

/* One line, without its newline; the standard input's end ends it too. 0 or a negative errno. */
static int read_line(struct entry *entry)
{
    entry->len = 0;
    while (entry->len < sizeof(entry->text) - 1) {
        char *const at = entry->text + entry->len;
        const ssize_t n = sys_read(STDIN_FILENO, at, 1);
        if (n < 0) {
            return (int)n;
        }
        if (n == 0 || *at == '\n') {
            break;
        }
        entry->len++;
    }
    entry->text[entry->len] = '\0';
    return 0;
}

/* The same from a terminal that does not show it. It makes no signals meanwhile, by which it would
 * stay so. */
static int ask(const char *question, struct entry *entry)
{
    struct termios usual;
    if (tcgetattr(STDIN_FILENO, &usual) != 0) {
        return read_line(entry);
    }
    struct termios quiet = usual;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fprintf(stderr, "%s: ", question);
    const int rc = read_line(entry);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    fprintf(stderr, "\n");
    return rc;
}

/* What is wrong with it, or NULL. Basic authentication has no control bytes. */
static const char *fault_of(const struct entry *entry)
{
    if (entry->len == 0) {
        return "the password is empty";
    }
    if (entry->len > GARM_PASSWORD_BYTES_MAX) {
        return "the password is longer than 1024 bytes";
    }
    for (size_t i = 0; i < entry->len; i++) {
        if ((unsigned char)entry->text[i] < ' ' || entry->text[i] == 0x7f) {
            return "the password has a control character";
        }
    }
    return NULL;
}

static bool same_again(const struct entry *first)
{
    struct entry again;
    if (isatty(STDIN_FILENO) == 0) {
        return true;
    }
    const bool same = ask("Again", &again) == 0 && strcmp(first->text, again.text) == 0;
    explicit_bzero(&again, sizeof(again));
    return same;
}

static int print_hash(struct command *command, const struct entry *entry)
{
    char hash[ARGON2_TEXT_SIZE];
    const int rc = argon2_hash(entry->text, hash);
    if (rc < 0) {
        return command_fail(command, VERB_FAILED, "%s", sys_error_text(rc));
    }
    printf("%s\n", hash);
    return VERB_OK;
}

static int ask_and_print(struct command *command, struct entry *entry)
{
    const int rc = ask("Password", entry);
    if (rc < 0) {
        return command_fail(command, VERB_FAILED, "cannot read the password: %s",
                            sys_error_text(rc));
    }
    const char *const fault = fault_of(entry);
    if (fault != NULL) {
        return command_fail(command, VERB_FAILED, "%s", fault);
    }
    if (!same_again(entry)) {
        return command_fail(command, VERB_FAILED, "the two are not the same");
    }
    return print_hash(command, entry);
}

static int run(int argc, char **argv)
{
    struct command command;
    struct entry entry;
    if (command_begin(&command, &verb_hash, argc, argv)) {
        command.status = ask_and_print(&command, &entry);
        explicit_bzero(&entry, sizeof(entry));
    }
    return command_end(&command);
}

const struct verb verb_hash = {
    .name = "hash",
    .usage = "",
    .summary = "Prints the hash of a password, for garm serve --auth.",
    .details = "The password is asked for, or is the first line of standard input. The hash is\n"
               "argon2id, as garm_password_hash makes it:\n"
               "    garm serve --auth \"ada:$(garm hash)\"\n",
    .run = run,
};
