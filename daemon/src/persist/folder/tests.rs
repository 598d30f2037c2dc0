use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::process::geteuid;

use super::*;

struct World {
    _dir: tempfile::TempDir,
    folder: Folder,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("a/snapshots"), geteuid().as_raw());
        Self { _dir: dir, folder }
    }

    fn put(&self, name: &str, text: &str) {
        let written = self.folder.write(|file| file.write_all(text.as_bytes()));
        self.folder.place(written.unwrap(), name).unwrap();
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let read = self.folder.read(name, 100);
        read.map_err(|unusable| unusable.to_string())
    }

    fn names(&self) -> Vec<String> {
        let found = self.folder.list().unwrap().into_iter();
        let mut names: Vec<_> = found.map(|found| found.name).collect();
        names.sort();
        names
    }
}

#[test]
fn files_and_directory_are_the_users_alone() {
    let world = World::new();
    assert_eq!(world.read("a"), Ok(None), "there is not even a directory");
    assert!(!world.folder.exists(), "looking makes none");
    world.put("a", "one");
    world.put("a", "two");
    assert_eq!(world.read("a"), Ok(Some(b"two".to_vec())));
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(world.folder.path()), 0o700);
    assert_eq!(mode(&world.folder.path().join("a")), 0o600);
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn a_file_that_could_not_be_written_leaves_the_old_one_and_no_rest() {
    let world = World::new();
    world.put("a", "old");
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let written = world.folder.write(|file| {
        file.write_all(b"half of the n")?;
        Err(full())
    });
    assert_eq!(written.err().map(|error| error.kind()), Some(full().kind()));
    assert_eq!(world.read("a"), Ok(Some(b"old".to_vec())));
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn a_directory_that_others_can_enter_is_neither_read_nor_written() {
    let world = World::new();
    world.put("a", "x");
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(world.folder.path(), open).unwrap();
    assert!(world.read("a").is_err());
    assert!(world.folder.write(|_| Ok(())).is_err());
    assert!(world.folder.list().is_err());
}

#[test]
fn links_pipes_and_what_others_can_read_are_refused() {
    let world = World::new();
    world.put("good", "x");
    let at = |name: &str| world.folder.path().join(name);
    symlink(at("good"), at("link")).unwrap();
    world.put("open", "x");
    fs::set_permissions(at("open"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::create_dir(at("directory")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(at("pipe"))
        .status();
    assert!(made.unwrap().success());
    world.put("large", &"x".repeat(101));
    for (name, why) in [
        ("link", "symbolic link"),
        ("open", "others may open"),
        ("directory", "no regular file"),
        ("pipe", "no regular file"),
        ("large", "too large"),
    ] {
        let error = world.read(name).unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
    }
    let theirs = Folder::new(world.folder.path().to_owned(), geteuid().as_raw() + 1);
    assert!(theirs.read("good", 100).is_err());
}

#[test]
fn of_what_is_set_aside_the_last_few_are_kept() {
    let world = World::new();
    for number in 0..10 {
        world.put("a", &number.to_string());
        let why = Unusable::Foreign("as ordered");
        world.folder.set_aside("a", &why);
        assert_eq!(world.read("a"), Ok(None));
    }
    assert_eq!(world.names().len(), KEPT_ASIDE);
    let kept = world.names();
    assert!(kept.iter().all(|name| name.starts_with(ASIDE)), "{kept:?}");
}

#[test]
fn a_new_file_takes_no_place_that_is_taken() {
    let world = World::new();
    let write = |text: &'static str| world.folder.write(|file| file.write_all(text.as_bytes()));
    assert!(
        world
            .folder
            .place_new(&write("one").unwrap(), "key")
            .unwrap()
    );
    assert!(
        !world
            .folder
            .place_new(&write("two").unwrap(), "key")
            .unwrap()
    );
    assert_eq!(world.read("key"), Ok(Some(b"one".to_vec())));
    assert_eq!(world.names(), ["key"]);
}
