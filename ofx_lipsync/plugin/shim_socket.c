/* SPDX-License-Identifier: Apache-2.0 */
/* One packet out, one packet in, with the fds that go along. Never SIGPIPE, never a wait without end. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim_worker.h"

typedef union {
    char bytes[CMSG_SPACE(WIRE_FDS * sizeof(int))];
    struct cmsghdr align;
} Control;

bool socket_send(int fd, const Writer *out, const int *fds, int count)
{
    Control control;
    struct iovec body = {(void *)out->bytes, out->used};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    if (count) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(head), fds, (size_t)count * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); /* a full socket is a worker that reads nothing */
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)out->used;
}

static void take_fds(struct msghdr *message, Packet *packet)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (packet->fd_count < WIRE_FDS)
                packet->fds[packet->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

void packet_close(Packet *packet)
{
    while (packet->fd_count) close(packet->fds[--packet->fd_count]);
}

Got socket_receive(int fd, uint8_t *in, Packet *packet, int wait_ms)
{
    Control control;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    packet->fd_count = 0;
    if (poll(&ready, 1, wait_ms) <= 0) return GOT_TICK;
    struct iovec body = {in, WIRE_BYTES};
    struct msghdr message = {
        .msg_iov = &body, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR ? GOT_TICK : GOT_END;
    take_fds(&message, packet);
    if (!size && !packet->fd_count) return GOT_END;
    bool whole = !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    if (whole && wire_check(packet, in, (size_t)size, packet->fd_count)) return GOT;
    packet_close(packet);
    return GOT_GARBAGE;
}
