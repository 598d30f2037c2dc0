//! The system calls that shape the process itself.
//!
//! They change what the whole process is, so only the daemon's own `main` may
//! lead here, never a test or a program that runs a daemon inside itself; the one
//! exception is [`release_freed_memory`], which nobody notices. This is the one
//! module of the daemon that may contain unsafe code.

#![allow(
    unsafe_code,
    reason = "descriptors that this program never opened, its variables, and glibc's allocator"
)]

use std::fs::{File, OpenOptions, read_dir};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::fs::Mode;
use rustix::io::{close, fcntl_dupfd_cloexec, fcntl_getfd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, setsid, umask};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stdin};

/// Descriptors wanted: the connections that may be open, and as many again for
/// AWS and files. macOS allows no more than 10240.
const DESCRIPTORS: u64 = 8192;

/// The first descriptor after the standard three.
const FIRST_INHERITED: RawFd = 3;

/// Closes every descriptor but the standard three. One that a shell left open,
/// such as a lock's or a pipe's, would otherwise be held for as long as the
/// daemon lives, and whoever waits for its end would wait as long.
///
/// To be called before this process opens anything or starts a thread.
///
/// # Errors
///
/// The open descriptors cannot be listed.
pub fn close_inherited() -> io::Result<()> {
    let listed: Vec<RawFd> = read_dir("/dev/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= FIRST_INHERITED)
        .collect();
    for fd in listed {
        // SAFETY: this process has opened nothing yet, so nothing in it owns the
        // descriptor. The one that the listing used is closed by now, and with no
        // other thread there is nobody who could have opened it again.
        unsafe {
            if fcntl_getfd(BorrowedFd::borrow_raw(fd)).is_ok() {
                close(fd);
            }
        }
    }
    Ok(())
}

/// Takes variables out of the environment that are for this process and none that it
/// may start.
///
/// To be called before this process starts a thread.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing else reads these, and no child is to"
)]
pub fn forget_variables(names: &[&str]) {
    for name in names {
        // SAFETY: no other thread exists that could be reading the environment.
        unsafe { std::env::remove_var(name) };
    }
}

/// Whether a socket listens, or only has a name.
///
/// # Errors
///
/// It is no socket.
pub fn listens(socket: &UnixListener) -> io::Result<bool> {
    // What launchd hands over does; macOS cannot be asked.
    #[cfg(target_os = "macos")]
    let listens = socket.local_addr().map(|_| true);
    #[cfg(not(target_os = "macos"))]
    let listens = Ok(rustix::net::sockopt::socket_acceptconn(socket)?);
    listens
}

/// The socket that launchd listens on for this process, if it is launchd's.
///
/// # Errors
///
/// There is not exactly one, or launchd has handed it over already.
#[cfg(target_os = "macos")]
pub fn launchd_listener() -> io::Result<Option<UnixListener>> {
    use std::ffi::{c_char, c_int, c_void};
    use std::os::fd::{FromRawFd, OwnedFd};
    unsafe extern "C" {
        fn launch_activate_socket(
            name: *const c_char,
            descriptors: *mut *mut c_int,
            count: *mut usize,
        ) -> c_int;
        fn free(memory: *mut c_void);
    }
    // What the job has no socket of, and who is no job.
    const NONE: [rustix::io::Errno; 2] = [rustix::io::Errno::NOENT, rustix::io::Errno::SRCH];
    let (mut descriptors, mut count) = (std::ptr::null_mut(), 0);
    // SAFETY: the name ends with a zero, and both places outlive the call.
    let refused = unsafe {
        launch_activate_socket(c"Listener".as_ptr(), &raw mut descriptors, &raw mut count)
    };
    if NONE.iter().any(|none| none.raw_os_error() == refused) {
        return Ok(None);
    }
    if refused != 0 {
        return Err(io::Error::from_raw_os_error(refused));
    }
    // SAFETY: without a refusal there are `count` of them, each open and ours, in memory
    // that is ours to free once they are copied.
    let mut sockets: Vec<OwnedFd> = unsafe {
        let sockets = std::slice::from_raw_parts(descriptors, count);
        let sockets = sockets.iter().map(|fd| OwnedFd::from_raw_fd(*fd)).collect();
        free(descriptors.cast());
        sockets
    };
    for socket in &sockets {
        rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::CLOEXEC)?;
    }
    match (sockets.pop(), sockets.len()) {
        (Some(socket), 0) => Ok(Some(UnixListener::from(socket))),
        (_, more) => Err(io::Error::other(format!(
            "launchd is to hand over one socket, and there are {}",
            more + 1
        ))),
    }
}

/// There is no launchd here.
#[cfg(not(target_os = "macos"))]
pub fn launchd_listener() -> io::Result<Option<UnixListener>> {
    Ok(None)
}

/// Leaves the terminal: its signals and its end no longer reach the daemon.
///
/// # Errors
///
/// The process leads a group already.
pub fn leave_terminal() -> io::Result<()> {
    setsid()?;
    Ok(())
}

/// Keeps what the process holds in memory and writes to disk from other users:
/// no core dump, no debugger, no file that others can read.
///
/// # Errors
///
/// The system refuses one of them.
pub fn keep_to_ourselves() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Allows as many descriptors as the daemon may come to need, as far as the
/// system lets it. The usual limit (1024, on macOS 256) is low for the sake of
/// programs that use `select`, which this one does not.
///
/// # Errors
///
/// The system refuses.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit
        .maximum
        .map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            ..limit
        };
        setrlimit(Resource::Nofile, raised)?;
    }
    Ok(())
}

/// Lets go of the standard descriptors, which belong to whoever started the
/// daemon.
/// What the process still prints, such as a panic outside every request, goes to
/// the end of `log`, or nowhere.
///
/// # Errors
///
/// `/dev/null` cannot be opened.
pub fn release_standard_streams(log: Option<&Path>) -> io::Result<()> {
    let nowhere = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nowhere)?;
    dup2_stdout(&nowhere)?;
    match log.and_then(|log| append(log).ok()) {
        Some(log) => dup2_stderr(&log)?,
        None => dup2_stderr(&nowhere)?,
    }
    Ok(())
}

/// The socket that is our standard input, which becomes empty.
///
/// # Errors
///
/// The descriptor cannot be copied.
pub fn take_standard_input() -> io::Result<UnixStream> {
    let socket = fcntl_dupfd_cloexec(stdin(), FIRST_INHERITED)?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(socket))
}

/// Keeps large blocks of memory apart from small ones, so that they go back to the
/// system whole when they are freed. glibc does so at first, but raises the limit to
/// the largest block it ever saw freed, which here is a page of AWS: with 50,000
/// instances the peak was 11 MB higher, and 5 MB more stayed after a second list.
///
/// To be called before a thread is started.
pub fn keep_large_blocks_apart() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_THRESHOLD: c_int = -3;
        // Beyond a page of rows: answers are made of those, and would pay for
        // fresh memory each time.
        const LARGE: c_int = 1 << 20;
        // SAFETY: these only set limits of the allocator, and no other thread
        // exists that could be allocating. A refusal leaves the limits as they were.
        unsafe {
            mallopt(M_MMAP_THRESHOLD, LARGE);
            mallopt(M_TRIM_THRESHOLD, 2 * LARGE);
        }
    }
}

/// Gives back to the system what was freed. glibc keeps it otherwise: an answer of
/// AWS with 1,000 instances left the daemon 9 MB larger, of which 0.5 MB were data.
/// Takes under a millisecond.
pub fn release_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: it touches only memory that is free, under the allocator's own
        // locks, and may be called at any time from any thread.
        unsafe {
            malloc_trim(0);
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}
