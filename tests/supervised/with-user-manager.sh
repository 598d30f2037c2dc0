#!/bin/bash
# with-user-manager.sh UID PROGRAM [ARGUMENT...]
#
# Runs PROGRAM as user UID under a systemd user manager and a journal of its own, in
# namespaces of its own: /run, the home directory (/run/home), processes and control
# groups are private, and gone at the end. Needs root. BIND names programs (NAME=PATH,
# one a line) that are to be found in /run/bin, since a build directory may be closed to
# that user.
#
# Exits as PROGRAM does; 77: this machine cannot do it, and standard error says why.
set -u

cannot() {
    echo "cannot run a user manager here: $*" >&2
    exit 77
}

systemd=/lib/systemd/systemd
[ -x $systemd ] || systemd=/usr/lib/systemd/systemd

case ${STAGE:-outside} in
outside)
    [ "$(id -u)" = 0 ] || cannot "only root may make the namespaces"
    [ -x $systemd ] || cannot "systemd is not installed"
    for tool in unshare setpriv journalctl systemctl; do
        command -v $tool >/dev/null || cannot "$tool is not installed"
    done
    unshare -m true 2>/dev/null || cannot "unshare is refused"
    STAGE=group exec unshare -m --propagation private "$0" "$@"
    ;;
group)
    # A control group of its own, by which everything in it ends with us.
    mount -t tmpfs -o mode=755 tmpfs /run || cannot "mount is refused"
    mkdir /run/groups
    mount -t cgroup2 cgroup2 /run/groups 2>/dev/null || cannot "there is no cgroup v2"
    group=/run/groups/aws-ssm-test.$$
    mkdir "$group" 2>/dev/null || cannot "control groups are read-only"
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        STAGE=inside exec unshare -mCpui --fork --kill-child --mount-proc "$0" "$@"
    ) <&0 &
    child=$!
    trap 'kill -KILL $child' INT TERM
    wait $child
    code=$?
    # The kernel empties the group of a killed process behind our back.
    for _ in {1..100}; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
        [ -d "$group" ] || break
        sleep 0.1
    done
    exit $code
    ;;
inside)
    uid=$1
    shift
    groups=/sys/fs/cgroup runtime=/run/user/$uid home=/run/home
    umount /run/groups
    umount -l $groups 2>/dev/null
    mount -t cgroup2 cgroup2 $groups || cannot "cgroup v2 cannot be mounted"
    # What the machine's own users have enabled is not ours to start.
    if [ -d /etc/systemd/user ]; then
        mount -t tmpfs tmpfs /etc/systemd/user
    fi
    mkdir -p /run/systemd/{system,unit-root,journal} /run/bin "$runtime" $home
    chown "$uid:$uid" "$runtime" $home
    chmod 700 "$runtime" $home
    while IFS='=' read -r name path; do
        [ -n "$name" ] || continue
        touch "/run/bin/$name"
        mount --bind "$path" "/run/bin/$name"
    done <<<"${BIND:-}"

    manager=$groups/user.slice/user-$uid.slice/user@$uid.service
    mkdir -p $groups/driver "$manager"
    echo $$ >$groups/driver/cgroup.procs
    for parent in $groups $groups/user.slice "${manager%/*}"; do
        for controller in $(<$groups/cgroup.controllers); do
            echo "+$controller" >"$parent/cgroup.subtree_control" 2>/dev/null
        done
    done
    chown "$uid:$uid" "$manager" "$manager"/cgroup.{procs,threads,subtree_control}

    # So that the user can read the journal.
    install -d -m 2755 -g systemd-journal /run/log/journal
    /lib/systemd/systemd-journald 2>/dev/null &
    journal=$!
    for _ in {1..500}; do
        [ -S /run/systemd/journal/stdout ] && break
        sleep 0.02
    done
    journal_group=$(getent group systemd-journal | cut -d: -f3)
    as_user() {
        setpriv --reuid "$uid" --regid "$uid" --groups "$journal_group" \
            env -i PATH=/run/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 \
            HOME=$home USER=somebody XDG_RUNTIME_DIR="$runtime" "$@"
    }
    (
        echo "$BASHPID" >"$manager/cgroup.procs"
        as_user $systemd --user --log-target=journal
    ) &
    for _ in {1..500}; do
        as_user systemctl --user is-system-running 2>/dev/null |
            grep -qE 'running|degraded' && break
        sleep 0.02
    done
    cd /
    as_user "$@"
    code=$?
    as_user systemctl --user exit
    if [ $code != 0 ]; then
        journalctl --quiet --no-pager --output short-monotonic "_UID=$uid" | tail -100 >&2
    fi
    kill $journal
    exit $code
    ;;
esac
