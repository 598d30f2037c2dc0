"""Judges the launchd agent: `plist.py FILE PROGRAM SOCKET`.

Python's plistlib reads the file; the keys and their types are those of
launchd.plist(5), as far as the agent has a use for them. Anything else is refused.
"""

import plistlib
import re
import sys


def expect(is_so, what):
    if not is_so:
        sys.exit(what)


def is_path(value):
    return isinstance(value, str) and value.startswith("/") and not re.search(r"[~$]", value)


def is_socket(value):
    return (
        isinstance(value, dict)
        and set(value) == {"SockPathName", "SockPathMode"}
        and is_path(value["SockPathName"])
        # sun_path has 104 bytes on macOS, with the final zero.
        and len(value["SockPathName"].encode()) <= 103
        and type(value["SockPathMode"]) is int
        and value["SockPathMode"] == 0o600
    )


# SuccessfulExit would imply RunAtLoad, and the agent is to start on demand.
CHECKS = {
    "Label": lambda value: value == "aws-ssmd",
    "ProgramArguments": lambda value: isinstance(value, list)
    and all(isinstance(word, str) for word in value)
    and is_path(value[0]),
    "Sockets": lambda value: isinstance(value, dict)
    and set(value) == {"Listener"}
    and is_socket(value["Listener"]),
    "KeepAlive": lambda value: value == {"Crashed": True},
    "ExitTimeOut": lambda value: type(value) is int and value > 5,
    "Umask": lambda value: type(value) is int and value == 0o077,
}


def main(file, program, socket):
    with open(file, "rb") as opened:
        text = opened.read()
    plist = plistlib.loads(text, fmt=plistlib.FMT_XML)
    for key, value in plist.items():
        expect(key in CHECKS, f"unknown key {key}")
        expect(CHECKS[key](value), f"{key} cannot be {value!r}")
    missing = set(CHECKS) - set(plist)
    expect(not missing, f"missing: {missing}")
    # plistlib takes the last of two, and launchd may take the first.
    keys = re.findall(rb"<key>([^<]*)</key>", text)
    expect(len(keys) == len(set(keys)), "a key is there twice")
    expect(plist["ProgramArguments"][0] == program, "another program")
    expect(plist["Sockets"]["Listener"]["SockPathName"] == socket, "another socket")


main(*sys.argv[1:])
