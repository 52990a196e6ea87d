"""The first step of every child: die with the parent, give up root where asked, then become the command.

    python -I -S guard.py PARENT SIGNAL WHO COMMAND…

WHO is `-` (stay), `map:UID:GID` (a user namespace in which we are that user) or `user:UID:GID`. It is a program of its
own because ctypes must be loaded before rights are dropped, and code between fork and exec of a larger process is
fragile. A change of user clears the death signal, so it is set last.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send us this signal when the thread that started us ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def enter_namespace(uid: int, gid: int) -> None:
    """Become `uid` in a user namespace of our own. Files that root owns look like ours there, without any chmod."""
    outside = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "user namespaces are forbidden here")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outside[0]} 1"),
        ("gid_map", f"{gid} {outside[1]} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as stream:
            stream.write(line)


def become(who: str) -> None:
    """Give up root in the way that `who` names."""
    if who == "-":
        return
    how, uid, gid = who.split(":")
    if how == "map":
        enter_namespace(int(uid), int(gid))
        return
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def main(parent: str, signal_number: str, who: str, *command: str) -> None:
    try:
        become(who)
    except OSError as error:
        sys.exit(f"{error}")
    die_with_parent(int(signal_number))
    if os.getppid() == int(parent):  # else the parent died before the line above
        os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
