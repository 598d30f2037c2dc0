//! Completion in the shells themselves, on a terminal.

use std::os::unix::fs::symlink;
use std::process::Command;

use aws_ssm_tests::harness::finish;
use serde_json::json;

use super::is_there;
use crate::stage::{REGION, Stage};

/// Types each text into a shell, looks at the line that has become of it, and, if
/// there is something to wait for, runs it. Where no line is expected, any other will
/// do. A line that is not as expected is typed
/// again: an answer that comes too late is empty. Prints the lines.
const TERMINAL: &str = r#"
import fcntl, json, os, pty, re, select, struct, sys, termios, time
asked = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.execvp(asked["shell"][0], asked["shell"])
said, heard, end = b"", b"", time.monotonic() + 50
def until(pattern):
    global said, heard
    while True:
        found = re.search(pattern, said, re.S)
        if found:
            said = said[found.end():]
            return found
        if time.monotonic() > end:
            sys.exit("never came: %r, but %r" % (pattern, heard))
        if select.select([terminal], [], [], 1)[0]:
            more = os.read(terminal, 65536)
            said, heard = said + more, heard + more
until(rb"ready> ")
lines = []
for typed, expected, output in asked["cases"]:
    while True:
        os.write(terminal, typed.encode() + b"\x07")
        line = until(rb"<<(.*?)>>").group(1).decode()
        whole = line == expected if expected else line != typed.rstrip("\t")
        if whole or time.monotonic() > end:
            break
        os.write(terminal, b"\x15")
    lines.append(line)
    if output is not None and whole:
        os.write(terminal, b"\r")
        until(output.encode())
    else:
        os.write(terminal, b"\x15")
os.close(terminal)
os.waitpid(pid, 0)
print(json.dumps(lines))
"#;

/// What is typed, what becomes of it, and what it prints when it is run.
type Case<'a> = (&'a str, &'a str, Option<&'a str>);

/// Names that a shell would run, open, expand or mistake for something else.
const HOSTILE: [&str; 12] = [
    "qa$(touch pwned)",
    "qb;touch pwned",
    "qc`touch pwned`",
    "qd'x\"y' z",
    "qe*?[a]{b,c}",
    "qf\\back\\",
    "qg!!!x",
    "qh=~/#x & |",
    "qi büro 東京",
    "qj>pwned <x",
    "qk:a:b=c,d",
    "ql%s %(x) ${HOME} $HOME",
];

/// Tries it all in a shell that has read its completion from the program.
async fn complete(shell: &[&str], rc: (&str, &str), cases: &[Case<'_>]) {
    let (stage, ids) = stage().await;
    let home = &stage.programs.home;
    home.write(rc.0, rc.1);
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    let client = stage.programs.command([""; 0]);
    symlink(client.get_program(), bin.join("aws-ssm")).expect("a link");
    let home = home.path().to_str().expect("a path").to_owned();
    let calls = stage.sandbox.counts().total();
    let path = std::env::var("PATH").expect("a path");
    let shell: Vec<_> = shell
        .iter()
        .map(|word| word.replace("HOME", &home))
        .collect();
    let cases = cases.iter().map(|(typed, line, output)| {
        let output = output.map(|text| text.replace("ID", &ids[0]));
        ((*typed).to_owned(), *line, output)
    });
    // How it is quoted is the shell's affair; that it means what it says is not.
    let hostile = HOSTILE.iter().zip(&ids[HOSTILE_FROM..]).map(|(name, id)| {
        let typed = format!("aws-ssm resolve {}\t", &name[..2]);
        (typed, "", Some(id.clone()))
    });
    let cases: Vec<_> = cases.chain(hostile).collect();
    let mut command = Command::new("python3");
    command
        .current_dir(&home)
        .args(["-c", TERMINAL])
        .arg(json!({ "shell": shell, "cases": cases }).to_string())
        .env_clear()
        .envs(
            client
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8")
        .env("ZDOTDIR", &home)
        .env("PATH", format!("{}:{path}", bin.display()));
    let finished = finish(command).await;
    let lines: Vec<String> = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    for ((typed, expected, _), line) in cases.iter().zip(&lines) {
        assert!(line == expected || expected.is_empty(), "{typed:?}: {line}");
    }
    assert_eq!(lines.len(), cases.len());
    let pwned = stage.programs.home.path().join("pwned");
    assert!(!pwned.exists(), "a name was run: {lines:?}");
    assert_eq!(stage.sandbox.counts().total(), calls, "{lines:?}");
}

/// The first of the instances with hostile names.
const HOSTILE_FROM: usize = 4;

/// Instances whose names and tags a shell could take for its own, in memory.
async fn stage() -> (Stage, Vec<String>) {
    let stage = Stage::new().await;
    let ids = stage.listed();
    let account = &stage.sandbox.account(0).id;
    let tags = [
        (0, "Name", "zz one"),
        (0, "zz:team", "a b$c"),
        (1, "Name", "evil\u{1b}[31m\u{7}"),
        (2, "Name", "yy-1"),
        (3, "Name", "yy-2"),
    ];
    let hostile = HOSTILE.iter().enumerate();
    let hostile = hostile.map(|(place, name)| (HOSTILE_FROM + place, "Name", *name));
    for (place, key, value) in tags.into_iter().chain(hostile) {
        let tag = (key, Some(value));
        let tagged = stage.sandbox.retag(account, REGION, &ids[place], tag);
        tagged.expect("an instance");
    }
    stage
        .programs
        .home
        .write(".aws/config", "[profile dev]\nregion = eu-west-1\n");
    stage.done(&["list"]).await;
    stage.settled().await;
    (stage, ids)
}

const COMMON: [Case<'static>; 9] = [
    ("aws-ssm lis\t", "aws-ssm list ", None),
    ("aws-ssm daemon relo\t", "aws-ssm daemon reload ", None),
    ("aws-ssm list --outp\t", "aws-ssm list --output ", None),
    ("aws-ssm list -o ya\t", "aws-ssm list -o yaml ", None),
    (
        "aws-ssm list --output=ya\t",
        "aws-ssm list --output=yaml ",
        None,
    ),
    ("aws-ssm -p de\t", "aws-ssm -p dev ", None),
    (
        "aws-ssm resolve zz\t",
        r"aws-ssm resolve zz\ one ",
        Some("ID"),
    ),
    ("aws-ssm show evi\t", "aws-ssm show evi", None),
    ("aws-ssm list -t zz:te\t", "aws-ssm list -t zz:team=", None),
];

const BASH: &str = r#"
PS1='ready> '
bind 'set bell-style none' 'set enable-bracketed-paste off'
bind -x '"\C-g": printf "<<%s>>\n" "$READLINE_LINE"'
"#;

#[tokio::test]
async fn bash_completes() {
    bash(r#"eval "$(aws-ssm completion bash)""#).await;
}

/// It looks for the script when it is needed, and changes how words are split.
#[tokio::test]
async fn bash_completes_with_the_package_bash_completion() {
    const PACKAGE: &str = "/usr/share/bash-completion/bash_completion";
    if is_there(PACKAGE) {
        let dir = "~/.local/share/bash-completion/completions";
        let script = format!("mkdir -p {dir}; aws-ssm completion bash > {dir}/aws-ssm");
        bash(&format!("{script}; . {PACKAGE}")).await;
    }
}

async fn bash(set_up: &str) {
    if !is_there("bash") {
        return;
    }
    let own: [Case<'_>; 8] = [
        (
            "aws-ssm resolve \"zz\t",
            "aws-ssm resolve \"zz one\"",
            Some("ID"),
        ),
        (
            "aws-ssm resolve 'zz\t",
            "aws-ssm resolve 'zz one'",
            Some("ID"),
        ),
        ("aws-ssm show yy\t", "aws-ssm show yy-", None),
        (
            "aws-ssm list -o ids -t zz:team=\t",
            r"aws-ssm list -o ids -t zz:team=a\ b\$c ",
            Some("ID"),
        ),
        ("aws-ssm list state:sto\t", "aws-ssm list state:stopp", None),
        (
            "aws-ssm list --columns id,nam\t",
            "aws-ssm list --columns id,name",
            None,
        ),
        (
            "aws-ssm list --config /et\t",
            "aws-ssm list --config /etc/",
            None,
        ),
        (
            "true; AWS_PROFILE= aws-ssm resolve zz\t",
            r"true; AWS_PROFILE= aws-ssm resolve zz\ one ",
            Some("ID"),
        ),
    ];
    let cases = [&COMMON[..], &own].concat();
    complete(
        &["bash", "--noprofile", "--rcfile", "HOME/rc", "-i"],
        ("rc", &format!("{BASH}{set_up}\n")),
        &cases,
    )
    .await;
}

#[tokio::test]
async fn zsh_completes() {
    if !is_there("zsh") {
        return;
    }
    let rc = r#"
PS1='ready> '
unsetopt PROMPT_SP BEEP
autoload -Uz compinit && compinit -u -D
show-line() { print -r -- "<<$BUFFER>>" }
zle -N show-line
bindkey '^G' show-line
eval "$(aws-ssm completion zsh)"
"#;
    let own: [Case<'_>; 6] = [
        (
            "aws-ssm resolve \"zz\t",
            "aws-ssm resolve \"zz one\" ",
            Some("ID"),
        ),
        ("aws-ssm show yy\t", "aws-ssm show yy-", None),
        (
            "aws-ssm list -o ids -t zz:team=\t",
            r"aws-ssm list -o ids -t zz:team=a\ b\$c ",
            Some("ID"),
        ),
        ("aws-ssm list state:sto\t", "aws-ssm list state:stopp", None),
        (
            "aws-ssm list --columns id,priv\t",
            "aws-ssm list --columns id,private-",
            None,
        ),
        (
            "aws-ssm list --config /et\t",
            "aws-ssm list --config /etc/",
            None,
        ),
    ];
    let cases = [&COMMON[..], &own].concat();
    complete(&["zsh", "-i"], (".zshrc", rc), &cases).await;
}

#[tokio::test]
async fn fish_completes() {
    if !is_there("fish") {
        return;
    }
    let rc = r#"
function fish_greeting; end
function fish_prompt; echo -n 'ready> '; end
bind \cg 'echo "<<"(commandline)">>"'
aws-ssm completion fish | source
"#;
    let own: [Case<'_>; 3] = [
        (
            "aws-ssm resolve \"zz\t",
            "aws-ssm resolve \"zz one\" ",
            Some("ID"),
        ),
        (
            "aws-ssm list -o ids -t zz:team=\t",
            r"aws-ssm list -o ids -t zz:team=a\ b\$c ",
            Some("ID"),
        ),
        (
            "aws-ssm list --config /et\t",
            "aws-ssm list --config /etc/",
            None,
        ),
    ];
    let cases = [&COMMON[..], &own].concat();
    complete(&["fish", "-i"], (".config/fish/config.fish", rc), &cases).await;
}
