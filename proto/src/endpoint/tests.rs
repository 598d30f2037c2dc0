use std::fs;
use std::os::unix::fs::symlink;

use super::*;

fn settings() -> EndpointSettings {
    EndpointSettings {
        aws_ssm_home: None,
        home: "/home/ada".into(),
        run_user: None,
        hostname: "engine".into(),
    }
}

fn under(home: &Path) -> Endpoint {
    Endpoint::resolve(&EndpointSettings {
        aws_ssm_home: Some(home.to_owned()),
        ..settings()
    })
}

#[test]
fn aws_ssm_home_holds_everything() {
    let endpoint = Endpoint::resolve(&EndpointSettings {
        aws_ssm_home: Some("/t".into()),
        run_user: Some("/run/user/1000".into()),
        ..settings()
    });
    assert_eq!(endpoint.socket, Path::new("/t/run/v1.sock"));
    assert_eq!(endpoint.run_dir(), Path::new("/t/run"));
    for path in [
        &endpoint.lock,
        &endpoint.startup_lock,
        &endpoint.start_failure,
        &endpoint.state_dir,
        &endpoint.log,
    ] {
        assert!(path.starts_with("/t"), "{}", path.display());
    }
}

#[test]
fn daemons_of_two_protocol_majors_share_no_file() {
    let ours = Endpoint::resolve(&settings());
    let theirs = Endpoint::resolve_for(&settings(), PROTOCOL_MAJOR + 1);
    assert_eq!(theirs.socket.file_name(), Some(OsStr::new("v2.sock")));
    assert_eq!(ours.run_dir(), theirs.run_dir());
    for (ours, theirs) in [
        (&ours.socket, &theirs.socket),
        (&ours.lock, &theirs.lock),
        (&ours.startup_lock, &theirs.startup_lock),
        (&ours.start_failure, &theirs.start_failure),
        (&ours.settings, &theirs.settings),
        (&ours.log, &theirs.log),
    ] {
        assert_ne!(ours, theirs);
    }
}

#[test]
fn the_place_follows_from_user_and_host_and_from_no_variable_of_the_session() {
    // All that a session could say otherwise is not even asked for.
    let EndpointSettings {
        aws_ssm_home: _,
        home: _,
        run_user: _,
        hostname: _,
    } = settings();
    let root = tempfile::tempdir().unwrap();
    let us = geteuid().as_raw();
    let ours = root.path().join(us.to_string());
    fs::create_dir(&ours).unwrap();
    // Found by the user's number, whatever XDG_RUNTIME_DIR and TMPDIR are.
    assert_eq!(own_run_user(root.path(), us), Some(ours));
}

#[test]
fn the_users_runtime_directory_comes_before_the_home_directory() {
    let endpoint = Endpoint::resolve(&EndpointSettings {
        run_user: Some("/run/user/1000".into()),
        ..settings()
    });
    assert_eq!(endpoint.socket, Path::new("/run/user/1000/aws-ssm/v1.sock"));
    assert!(endpoint.state_dir.starts_with("/home/ada"));
}

#[test]
fn the_lock_is_beside_the_socket_it_guards() {
    for run_user in [None, Some("/run/user/1000".into())] {
        let endpoint = Endpoint::resolve(&EndpointSettings {
            run_user,
            ..settings()
        });
        assert_eq!(endpoint.lock.parent(), endpoint.socket.parent());
        assert_eq!(endpoint.startup_lock.parent(), endpoint.socket.parent());
    }
}

#[test]
#[cfg(not(target_os = "macos"))]
fn hosts_that_share_a_home_have_sockets_of_their_own() {
    let here = Endpoint::resolve(&settings());
    let there = Endpoint::resolve(&EndpointSettings {
        hostname: "difference".into(),
        ..settings()
    });
    assert_ne!(here.socket, there.socket);
    assert_eq!(
        here.socket,
        Path::new("/home/ada/.local/state/aws-ssm/ee05d83b/run/v1.sock")
    );
}

#[test]
fn a_runtime_directory_counts_only_if_it_is_ours() {
    let root = tempfile::tempdir().unwrap();
    let us = geteuid().as_raw();
    assert_eq!(own_run_user(root.path(), us), None);
    let ours = root.path().join(us.to_string());
    fs::create_dir(&ours).unwrap();
    assert_eq!(own_run_user(root.path(), us), Some(ours.clone()));

    let other = us + 1;
    fs::create_dir(root.path().join(other.to_string())).unwrap();
    assert_eq!(own_run_user(root.path(), other), None, "another user's");

    fs::remove_dir(&ours).unwrap();
    symlink(root.path(), &ours).unwrap();
    assert_eq!(own_run_user(root.path(), us), None, "a symbolic link");
}

#[test]
fn a_relative_variable_is_refused_and_an_empty_one_is_none() {
    assert_eq!(absolute("HOME", Some(OsStr::new(""))).unwrap(), None);
    assert_eq!(absolute("HOME", None).unwrap(), None);
    let error = absolute("AWS_SSM_HOME", Some(OsStr::new("state"))).unwrap_err();
    assert!(error.what.contains("AWS_SSM_HOME"), "{error}");
    assert!(error.why.contains("state"), "{error}");
}

#[test]
fn a_path_that_is_too_long_is_named_with_its_length_and_the_limit() {
    let temp = tempfile::tempdir().unwrap();
    let long = temp.path().join("x".repeat(SOCKET_PATH_MAX));
    let endpoint = under(&long);
    let error = endpoint.prepare().unwrap_err();
    let length = endpoint.socket.as_os_str().len();
    assert!(
        error.why.contains(endpoint.socket.to_str().unwrap()),
        "{error}"
    );
    assert!(error.why.contains(&format!("{length} bytes")), "{error}");
    assert!(error.why.contains(&SOCKET_PATH_MAX.to_string()), "{error}");
    assert!(!long.exists(), "nothing is made for it");
}

#[test]
fn the_longest_path_that_is_allowed_can_be_listened_on() {
    let temp = tempfile::tempdir().unwrap();
    let room = SOCKET_PATH_MAX - temp.path().as_os_str().len() - "//run/v1.sock".len();
    let endpoint = under(&temp.path().join("x".repeat(room)));
    assert_eq!(endpoint.socket.as_os_str().len(), SOCKET_PATH_MAX);
    endpoint.prepare().unwrap();
    std::os::unix::net::UnixListener::bind(&endpoint.socket).unwrap();
}

#[test]
fn a_regular_file_in_the_sockets_place_is_an_error_and_stays() {
    let temp = tempfile::tempdir().unwrap();
    let endpoint = under(temp.path());
    endpoint.prepare().unwrap();
    fs::write(&endpoint.socket, "precious").unwrap();
    let error = endpoint.prepare().unwrap_err();
    assert!(error.why.contains("not a socket"), "{error}");
    assert_eq!(fs::read(&endpoint.socket).unwrap(), b"precious");
}
