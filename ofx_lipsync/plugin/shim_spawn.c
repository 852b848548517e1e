/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and ends the worker. Hosts set library and Python paths of their own, which would break our Python, so it gets
 * an environment without them, no open file of the host, and a process group of its own. No signal handler is touched:
 * the child is waited for by its number alone. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_worker.h"

#define WORKER_FD 3
#define PATH_BYTES 4096
#define DYING_S 0.3 /* between the end of a process's sockets and its own */

extern char **environ;

/* OCIO=ocio://ocio://default is MLT's own, where nobody set one, and no config answers to it. */
static bool unwanted(const char *entry)
{
    static const char *const names[] = {"LD_LIBRARY_PATH=", "LD_PRELOAD=",          "LD_AUDIT=",       "LD_BIND_NOW=",
                                        "PYTHON",           "__PYVENV_LAUNCHER__=", "QT_PLUGIN_PATH=", "GCONV_PATH="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(entry, names[i], strlen(names[i]))) return true;
    return !strcmp(entry, "OCIO=ocio://ocio://default");
}

static char **clean_environment(void)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count]) count++;
    char **clean = calloc(count + 1, sizeof *clean);
    for (size_t i = 0; clean && i < count; i++)
        if (!unwanted(environ[i])) clean[kept++] = environ[i];
    return clean;
}

/* .../LipSync.ofx.bundle/Contents/Linux-x86-64/LipSync.ofx -> .../Contents/Resources/python.txt */
static bool note_path(char *out, size_t bytes)
{
    Dl_info own;
    if (!dladdr((void *)note_path, &own) || !own.dli_fname) return false;
    snprintf(out, bytes, "%s", own.dli_fname);
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(out, '/');
        if (!slash) return false;
        *slash = 0;
    }
    size_t used = strlen(out);
    return (size_t)snprintf(out + used, bytes - used, "/Resources/python.txt") < bytes - used;
}

static bool find_python(char *out, Asker *asker)
{
    char note[PATH_BYTES];
    const char *told = getenv("LIPSYNC_PYTHON");
    if (told && *told) return snprintf(out, PATH_BYTES, "%s", told) < PATH_BYTES;
    FILE *file = note_path(note, sizeof note) ? fopen(note, "re") : NULL;
    bool read = file && fgets(out, PATH_BYTES, file);
    if (file) fclose(file);
    if (read) out[strcspn(out, "\r\n")] = 0;
    if (read && *out) return true;
    asker_says(asker, "The plug-in does not know its Python: Resources/python.txt is missing from the bundle; run "
                      "lipsync install, or set LIPSYNC_PYTHON to a Python that has ofx_lipsync.");
    return false;
}

/* What the host left open for its children, the worker must not hold: a pipe's reader would wait for ever. */
static void close_files(posix_spawn_file_actions_t *actions)
{
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        int flags = fd > WORKER_FD ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC)) posix_spawn_file_actions_addclose(actions, fd);
    }
    if (folder) closedir(folder);
}

static void set_files(posix_spawn_file_actions_t *actions, int socket)
{
    posix_spawn_file_actions_init(actions);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0) posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(actions, 2, 1); /* the host's standard output may be somebody's data */
    posix_spawn_file_actions_adddup2(actions, socket, WORKER_FD);
    close_files(actions);
}

static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    int const reset[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM};
    for (size_t i = 0; i < sizeof reset / sizeof *reset; i++) sigaddset(&usual, reset[i]);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *pid, char *python, int socket, char **environment)
{
    char *words[] = {python, "-P", "-m", "ofx_lipsync.plugin.worker", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    set_files(&actions, socket);
    set_signals(&attributes);
    int failed = posix_spawn(pid, python, &actions, &attributes, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

bool process_start(Process *process, int socket, Asker *asker)
{
    char python[PATH_BYTES];
    if (!find_python(python, asker)) return false;
    char **environment = clean_environment();
    int failed = environment ? spawn(&process->pid, python, socket, environment) : ENOMEM;
    free(environment);
    if (failed) {
        asker_says(asker,
                   "The plug-in's Python %s cannot be started: %s; run lipsync install again, or set "
                   "LIPSYNC_PYTHON.",
                   python, strerror(failed));
        return false;
    }
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    return true;
}

/* By pidfd where there is one: a host that reaps every child would free the number for somebody else. */
static void process_kill(const Process *process)
{
    if (process->pidfd < 0) {
        kill(-process->pid, SIGKILL);
        kill(process->pid, SIGKILL);
        return;
    }
    if (!syscall(SYS_pidfd_send_signal, process->pidfd, 0, NULL, 0)) kill(-process->pid, SIGKILL);
    syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0);
}

static bool reap(Process *process, int *status, double seconds)
{
    double end = seconds_now() + seconds;
    for (;;) {
        pid_t got = waitpid(process->pid, status, WNOHANG);
        if (got == process->pid || (got < 0 && errno == ECHILD)) return true;
        if (seconds_now() >= end) return false;
        poll(NULL, 0, 2);
    }
}

bool process_wait(Process *process, double seconds)
{
    int status = 0;
    bool ended = reap(process, &status, seconds);
    if (ended && process->pidfd >= 0) close(process->pidfd);
    return ended;
}

void process_end(Process *process, char *how, size_t bytes)
{
    int status = -1;
    bool was_dead = reap(process, &status, DYING_S);
    if (!was_dead) {
        process_kill(process);
        reap(process, &status, 5);
    }
    if (!was_dead || status == -1)
        snprintf(how, bytes, "it was stopped");
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        snprintf(how, bytes, "killed, perhaps for want of memory");
    else if (WIFSIGNALED(status))
        snprintf(how, bytes, "signal %d", WTERMSIG(status));
    else
        snprintf(how, bytes, "exit code %d", WEXITSTATUS(status));
    if (process->pidfd >= 0) close(process->pidfd);
}
