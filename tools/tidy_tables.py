"""What tools/tidy holds the tree to: bounds, floors, banned names, spelling."""

LINES_PER_FUNCTION = 60
LINES_PER_FILE = 500
COLUMNS = 100
LINES_PER_OPENING_COMMENT = 8
LONG_LINES_MARK = "/* tidy: long lines */"

# What was too long when the rule came: path or (path, function) -> lines. It may only shrink.
RATCHET = {}

# Who may include whom. "garm" stands for the public headers.
FLOORS = {
    "base": (),
    "run": ("base",),
    "net": ("base", "run"),
    "codec": ("base",),
    "data": ("base", "run", "net", "codec"),
    "serve": ("base", "run", "net", "codec"),
    "app": ("base", "run", "net", "codec", "data", "serve", "garm"),
    "mw": ("garm",),
    "cli": ("base", "run", "net", "codec", "data", "serve", "app", "garm"),
}
PUBLIC_ONLY = "the public headers"

SYSTEM_DIRS = ("arpa", "asm", "bits", "linux", "net", "netinet", "sys")
SYSTEM_HEADERS = set("""
    arm_neon assert cpuid ctype dirent dlfcn elf emmintrin endian errno execinfo fcntl features
    float fnmatch getopt glob grp immintrin inttypes libgen limits link locale malloc math netdb
    poll pthread pwd regex sched search semaphore setjmp signal spawn stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string strings syslog termios threads time
    uchar ucontext unistd utime wchar x86intrin
""".split())
# Families of third-party headers that are several things under one name.
ALONE = ("sanitizer", "valgrind")
# Families that several files share, which are named alike: what their paths begin with.
HOMES = {"openssl": "src/app/crypto_"}

SEAM = "call its sys_ or mem_ form of base/sys.h"
OUTPUT = "a library never prints; return an error, or write to the log"
BOUNDED = "use snprintf, memcpy, a slice or a buf"
NUMBERS = "use text_to_u64 and its kin of base/text.h"
UTC = "use base/date.h"
NO_JUMPS = "return an error"
BANNED_EVERYWHERE = {
    "use base/random.h, which repeats from a seed": "rand srand random srandom drand48 rand_r",
    NO_JUMPS: "setjmp sigsetjmp longjmp siglongjmp",
    "use the arena or a fixed array": "alloca",
    "wait for the event itself, or move the simulator's clock": "sleep usleep nanosleep",
}
BANNED_OUTSIDE_TESTS = {
    BOUNDED: "sprintf vsprintf strcpy stpcpy strcat strncat strncpy strtok strtok_r strsep gets",
    NUMBERS: "atoi atol atoll atof",
}
BANNED_IN_SRC = {
    SEAM: """malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign strdup
        strndup asprintf vasprintf read pread readv write pwrite writev recv recvfrom recvmsg
        recvmmsg send sendto sendmsg sendmmsg sendfile splice accept accept4 socket socketpair
        bind listen connect shutdown close open openat creat fcntl ioctl dup dup2 dup3 pipe pipe2
        poll ppoll select epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd
        timerfd_create timerfd_settime signalfd mmap munmap mremap mprotect madvise unlink rename
        stat fstat lstat fstatat statx readlink opendir readdir getdents64 getsockname getpeername
        getsockopt setsockopt getrandom getentropy clock_gettime gettimeofday time fork vfork
        pthread_create pthread_join syscall fsync fdatasync""",
    OUTPUT: """printf fprintf vprintf vfprintf dprintf puts fputs putchar fputc putc perror
        fopen fdopen freopen fclose fread fwrite fgets fgetc getc getchar getline scanf fscanf
        popen system""",
    NUMBERS: "strtol strtoul strtoll strtoull strtod strtof strtoimax strtoumax sscanf",
    UTC: "localtime localtime_r gmtime asctime asctime_r ctime ctime_r mktime strftime strptime",
    "use sys_error_text": "strerror strerror_r",
    "resolve names on the offload pool": "gethostbyname getaddrinfo getnameinfo",
    "use CHECK, which stays on in release": "assert",
    "return to the caller": "exit _exit _Exit quick_exit",
    "use a signalfd, or sigaction at start": "signal",
}
# path -> the names it may call all the same, and why.
ALLOWED = {
    "src/base/check.c": {"write"},  # from a failed check nothing may be asked of a fault hook
    "src/cli/crash.c": {"_exit"},  # there is no caller to return to
    "src/app/ending.c": {"_exit"},  # the process ends under threads that do not
    "src/app/metrics_text.c": {"strtod"},  # reads back what it has just written
    "tests/http/programs/blocking.c": {"nanosleep"},  # blocks its worker, to be caught at it
    "tests/http/programs/slow.c": {"nanosleep"},  # a call that nobody can end
    # out of a library that would end the process when there is no memory
    "src/app/coding_brotli.c": {"setjmp", "longjmp"},
}
PRINTS = ("src/cli/",)
TESTS = ("tests", "fuzz", "bench")
MISSPELT = {
    "accross": "across", "adress": "address", "arguement": "argument", "begining": "beginning",
    "calender": "calendar", "comming": "coming", "commited": "committed",
    "compatability": "compatibility", "definately": "definitely", "dependant": "dependent",
    "desciptor": "descriptor", "existance": "existence", "existant": "existent",
    "guarentee": "guarantee", "independant": "independent", "lenght": "length",
    "neccessary": "necessary", "necesary": "necessary", "occured": "occurred",
    "occurence": "occurrence", "prefered": "preferred", "priviledge": "privilege",
    "recieve": "receive", "refered": "referred", "reponse": "response", "retreive": "retrieve",
    "seperate": "separate", "seperator": "separator", "succesful": "successful",
    "sucess": "success", "supress": "suppress", "teh": "the", "thier": "their",
    "transfered": "transferred", "truely": "truly", "untill": "until", "wether": "whether",
    "wich": "which", "writting": "writing",
}
