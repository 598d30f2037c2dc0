use std::path::PathBuf;
use std::time::SystemTime;

use super::testing::{Machine, disk};
use super::*;

struct World {
    dir: tempfile::TempDir,
    machine: Machine,
}

impl World {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            machine: Machine::new(),
        }
    }

    /// A daemon that starts now.
    fn disk(&self) -> Arc<Disk> {
        disk(self.dir.path(), &self.machine)
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.dir.path().join(SNAPSHOT_DIRECTORY));
        let paths = found
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        paths.collect()
    }

    /// The one file that is no key.
    fn file(&self) -> PathBuf {
        let mut files = self.files();
        files.retain(|path| !path.ends_with("key"));
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

fn put(disk: &Disk, owner: &str, text: &'static str) {
    disk.put(disk.name(owner, "x", "thing"), move |out| out.text(text));
}

fn read(disk: &Disk, owner: &str) -> Option<String> {
    let name = disk.name(owner, "x", "thing");
    disk.read(&name, |input| input.text().map(str::to_owned))
}

#[tokio::test]
async fn what_one_daemon_wrote_the_next_reads() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "old");
    put(&first, "anna", "new");
    put(&first, "berta", "hers");
    first.shut_down().await;
    let second = world.disk();
    assert_eq!(read(&second, "anna").as_deref(), Some("new"));
    assert_eq!(read(&second, "berta").as_deref(), Some("hers"));
    assert_eq!(read(&second, "carla"), None);
}

#[tokio::test]
async fn a_name_tells_nobody_whose_it_is() {
    let world = World::new();
    let first = world.disk();
    put(&first, "arn:aws:iam::123456789012:user/anna", "x");
    first.shut_down().await;
    let shown = format!("{:?}", world.files());
    assert!(
        !shown.contains("anna") && !shown.contains("1234"),
        "{shown}"
    );
    let elsewhere = World::new();
    let other = elsewhere.disk();
    put(&other, "arn:aws:iam::123456789012:user/anna", "x");
    other.shut_down().await;
    assert_ne!(world.file().file_name(), elsewhere.file().file_name());
}

#[tokio::test]
async fn a_file_that_is_damaged_foreign_or_newer_is_set_aside() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [Damage; 5] = [
        |bytes| bytes.truncate(bytes.len() - 1),
        |bytes| bytes.clear(),
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes[8] = 3,
        |bytes| *bytes = b"something else entirely".to_vec(),
    ];
    for damage in damages {
        let world = World::new();
        let first = world.disk();
        put(&first, "anna", "x");
        first.shut_down().await;
        let path = world.file();
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        let second = world.disk();
        assert_eq!(read(&second, "anna"), None);
        assert!(world.file().ends_with("aside-0"), "{:?}", world.files());
        put(&second, "anna", "again");
        second.shut_down().await;
        assert_eq!(read(&world.disk(), "anna").as_deref(), Some("again"));
    }
}

#[tokio::test]
async fn a_file_of_an_earlier_version_is_removed_and_written_anew() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "x");
    first.shut_down().await;
    let path = world.file();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 1;
    std::fs::write(&path, &bytes).unwrap();
    let second = world.disk();
    assert_eq!(read(&second, "anna"), None);
    assert!(!path.exists(), "{:?}", world.files());
    put(&second, "anna", "again");
    second.shut_down().await;
    assert_eq!(world.file(), path);
    assert_eq!(read(&world.disk(), "anna").as_deref(), Some("again"));
}

#[tokio::test]
async fn a_file_under_another_name_is_not_taken_for_it() {
    let world = World::new();
    let first = world.disk();
    first.put(first.name("anna", "x", "thing"), |out| out.text("anna"));
    first.shut_down().await;
    let second = world.disk();
    let hers = world
        .dir
        .path()
        .join(SNAPSHOT_DIRECTORY)
        .join(second.name("berta", "x", "thing").0);
    std::fs::rename(world.file(), hers).unwrap();
    let name = second.name("berta", "x", "thing");
    let read = second.read(&name, |input| match input.text()? {
        "berta" => Ok(()),
        _ => Err(Damaged("it is of something else")),
    });
    assert_eq!(read, None);
    assert!(world.file().ends_with("aside-0"));
}

#[tokio::test]
async fn what_is_removed_or_cleared_is_gone_also_if_it_still_waited() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "x");
    put(&first, "berta", "x");
    put(&first, "carla", "x");
    first.remove(&first.name("anna", "x", "thing"));
    first.clear(Some("berta")).unwrap();
    first.shut_down().await;
    let second = world.disk();
    assert_eq!(read(&second, "anna"), None);
    assert_eq!(read(&second, "berta"), None);
    assert_eq!(read(&second, "carla").as_deref(), Some("x"));
    put(&second, "dora", "x");
    assert!(!second.clear(None).unwrap().is_empty());
    second.shut_down().await;
    assert!(!world.dir.path().join(SNAPSHOT_DIRECTORY).exists());
}

#[tokio::test]
async fn a_daemon_that_was_cleared_goes_on_keeping() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "x");
    first.clear(None).unwrap();
    put(&first, "anna", "y");
    first.shut_down().await;
    assert_eq!(read(&world.disk(), "anna").as_deref(), Some("y"));
}

#[tokio::test]
async fn a_directory_that_cannot_be_had_costs_nothing_but_one_warning() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let disk = disk(&file, &Machine::new());
    for _ in 0..3 {
        put(&disk, "anna", "x");
        assert_eq!(read(&disk, "anna"), None);
    }
    disk.inner.work(false);
    assert!(disk.inner.trouble.is_told());
    disk.shut_down().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "no directory");
}

#[tokio::test]
async fn a_full_disk_leaves_what_was_there() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "old");
    first.inner.work(false);
    let name = first.name("anna", "x", "thing");
    first.put(name, |out| {
        out.text("half of the n")?;
        Err(io::ErrorKind::StorageFull.into())
    });
    first.inner.work(false);
    assert!(first.inner.trouble.is_told());
    assert_eq!(read(&first, "anna").as_deref(), Some("old"));
    put(&first, "anna", "new");
    first.inner.work(false);
    assert!(!first.inner.trouble.is_told());
    assert_eq!(read(&first, "anna").as_deref(), Some("new"));
    first.shut_down().await;
    assert_eq!(world.files().len(), 2, "the key and the file");
}

#[tokio::test]
async fn two_daemons_at_once_leave_whole_files_of_one_key() {
    let world = World::new();
    let (one, other) = (world.disk(), world.disk());
    put(&one, "anna", "one");
    put(&other, "anna", "other");
    put(&other, "berta", "hers");
    tokio::join!(one.shut_down(), other.shut_down());
    let next = world.disk();
    let annas = read(&next, "anna").unwrap();
    assert!(["one", "other"].contains(&annas.as_str()));
    assert_eq!(read(&next, "berta").as_deref(), Some("hers"));
}

#[tokio::test]
async fn where_nothing_is_kept_any_more_what_was_there_goes() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "x");
    first.shut_down().await;
    assert!(!world.files().is_empty());
    let config = DiskConfig {
        cache_dir: Some(world.dir.path().to_owned()),
        keep: false,
    };
    let moments = world.machine.moments();
    let disk = Disk::start(&config, moments, &Handle::current());
    put(&disk, "anna", "x");
    assert_eq!(read(&disk, "anna"), None);
    disk.shut_down().await;
    assert!(!world.dir.path().join(SNAPSHOT_DIRECTORY).exists());
}

#[tokio::test]
async fn what_is_old_is_swept_when_something_is_written() {
    let world = World::new();
    let first = world.disk();
    put(&first, "anna", "x");
    first.shut_down().await;
    let old = std::fs::File::options()
        .write(true)
        .open(world.file())
        .unwrap();
    old.set_modified(SystemTime::now() - MAX_AGE - Duration::from_secs(60))
        .unwrap();
    let second = world.disk();
    put(&second, "berta", "x");
    second.shut_down().await;
    let third = world.disk();
    assert_eq!(read(&third, "anna"), None);
    assert_eq!(read(&third, "berta").as_deref(), Some("x"));
}
