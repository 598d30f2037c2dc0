//! The rules of the configuration, on files as people write them.

mod documented;
mod guide;
mod mistakes;
mod sources;

use super::section::PrometheusListen;
use super::*;

/// What a file and variables come to.
fn loaded(text: &str, variables: &[(&str, &str)]) -> read::Loaded {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Origin::given(None, &[], variable).load_text(Path::new("/h/config.yaml"), text)
}

fn parsed(text: &str) -> Result<Config, Error> {
    loaded(text, &[]).into_config()
}

#[test]
fn without_a_file_the_defaults_hold() {
    let config = Config::load(None, &["/nonexistent".into()], |_| None).expect("defaults");
    assert_eq!(config.file, None);
    let policy = config.policy();
    assert_eq!(policy.refresh_ahead, Duration::from_secs(240));
    assert_eq!(policy.ttl, Duration::from_secs(300));
    assert_eq!(policy.stale_threshold, Duration::from_secs(360));
    assert_eq!(config.idle_timeout(), Some(Duration::from_secs(1800)));
}

#[test]
fn an_explicit_file_must_be_there() {
    let missing = Path::new("/nonexistent/config.yaml");
    let error = Config::load(Some(missing), &[], |_| None).expect_err("missing");
    assert!(error.what.contains("/nonexistent/config.yaml"), "{error}");
}

#[test]
fn the_first_usual_file_that_is_there_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str| dir.path().join(name);
    let ttl = |usual: &[PathBuf]| {
        let config = Config::load(None, usual, |_| None).expect("fine");
        config.cache.ttl_minutes
    };
    std::fs::write(file("b"), "cache:\n  ttl_minutes: 2\n").expect("written");
    assert_eq!(ttl(&[file("a"), file("b")]), 2.0);
    std::fs::write(file("a"), "cache:\n  ttl_minutes: 1\n").expect("written");
    assert_eq!(ttl(&[file("a"), file("b")]), 1.0);
}

#[test]
fn what_is_no_plain_file_is_not_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let error = Config::load(Some(dir.path()), &[], |_| None).expect_err("a directory");
    assert!(!error.why.is_empty(), "{error:?}");
    let fifo = dir.path().join("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).expect("a fifo");
    let error = Config::load(Some(&fifo), &[], |_| None).expect_err("a fifo");
    assert!(error.why.contains("no plain file"), "{error:?}");
}

#[test]
fn a_page_size_set_by_hand_holds_throughout() {
    let config = parsed("performance:\n  streaming_page_size: 200\n").expect("fine");
    let limits = config.inventory().limits;
    assert_eq!((limits.first_page, limits.later_pages), (200, 200));
    let limits = Config::default().inventory().limits;
    assert_eq!((limits.first_page, limits.later_pages), (100, 1000));
}

#[test]
fn a_longer_ttl_moves_the_threshold() {
    let config = parsed("cache:\n  ttl_minutes: 10\n").expect("fine");
    assert_eq!(config.policy().stale_threshold, Duration::from_secs(720));
}

#[test]
fn counters_and_snapshots_go_where_the_file_says() {
    let text = "metrics:\n  prometheus_listen: 127.0.0.1:9464\n\
                cache:\n  persist: off\n  cache_dir: /var/cache/x\n";
    let config = parsed(text).expect("fine");
    let address = "127.0.0.1:9464".parse().expect("an address");
    let listen = Some(PrometheusListen::Tcp(address));
    assert_eq!(config.metrics.prometheus_listen, listen);
    let cache_dir = Some(Path::new("/var/cache/x"));
    assert_eq!(config.cache.cache_dir.as_deref(), cache_dir);
    assert!(!config.cache.persist);
}

#[test]
fn a_section_with_nothing_below_it_is_none() {
    for text in [
        "cache:\n",
        "cache:\n  # ttl_minutes: 1\ndaemon: {}\n",
        "# only this\n",
    ] {
        let config = parsed(text).expect(text);
        assert!(config.sources.is_empty(), "{text:?}");
    }
}

#[test]
fn the_file_to_begin_with_changes_nothing_and_names_everything() {
    let text = template::text();
    assert!(parsed(&text).expect("fine").sources.is_empty());
    // Its comments taken away, every setting that has a default is set to it.
    let settings = text.lines().map(|line| match line.strip_prefix("  # ") {
        Some(rest) if setting_line(rest) => format!("  {rest}\n"),
        _ => format!("{line}\n"),
    });
    let config = parsed(&settings.collect::<String>()).expect("fine");
    assert!(config.changes_since(&Config::default()).is_empty());
    let with_default = setting::SETTINGS.iter().filter(|s| s.unset.is_none());
    assert_eq!(config.sources.len(), with_default.count());
    for setting in setting::SETTINGS {
        let (_, key) = setting.parts();
        assert!(text.contains(&format!("  # {key}:")), "{key}");
    }
}

fn setting_line(line: &str) -> bool {
    let key = line.split_once(": ").map(|(key, _)| key);
    key.is_some_and(|key| setting::SETTINGS.iter().any(|s| s.parts().1 == key))
}

/// Bytes that are hardly ever a configuration, the same ones in every run.
#[test]
fn no_bytes_make_it_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let words = [
        "cache",
        "ttl_minutes",
        "default",
        ":",
        ": ",
        "\n",
        "\n  ",
        "- ",
        "5",
        "-1e999",
        ".nan",
        "~",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<",
        "!!str ",
        "|",
        ">",
        "#",
        "---\n",
        "\t",
        "\u{0}",
        "\u{feff}",
        "é",
        "true",
        "keybindings",
        "%YAML 9",
        "?",
        ",",
        "0x1",
    ];
    for _ in 0..2_000 {
        let text: String = (0..random(24))
            .map(|_| words[random(words.len())])
            .collect();
        let loaded = loaded(&text, &[("AWS_SSM_CACHE_TTL_MINUTES", &text)]);
        let _ = (loaded.check(), loaded.into_config());
    }
    for _ in 0..1_000 {
        let bytes: Vec<u8> = (0..random(64)).map(|_| random(256) as u8).collect();
        let _ = parsed(&String::from_utf8_lossy(&bytes));
    }
}
