//! Follows the guides word by word, in a home directory that has nothing: files are written, commands
//! run, and their output compared. `…` stands for anything, and a line of it for any lines.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]
#![expect(clippy::print_stdout, reason = "how long a guide takes is part of the result")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use vmkit_cli_tests::DataDirectory;
use vmkit_contract::place::{ANN, Place, give, mode};

const PREFIX: &str = "usr/local";

/// One step of a guide.
#[derive(Debug, PartialEq)]
enum Step {
    /// Writes a file, below the home directory or the present one.
    File { path: String, text: String },
    /// Runs a command, and expects these lines.
    Command { line: String, expected: Vec<String> },
}

/// The steps of a page: a block of `console` has commands, and any other block after a line that ends
/// with a quoted path and a colon is a file.
fn steps(page: &str) -> Vec<Step> {
    let (mut steps, mut before) = (Vec::new(), "");
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                before = line;
            }
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if language == "console" {
            for line in block {
                match (line.strip_prefix("$ "), steps.last_mut()) {
                    (Some(line), _) => {
                        steps.push(Step::Command { line: line.to_owned(), expected: Vec::new() });
                    }
                    (None, Some(Step::Command { expected, .. })) => expected.push(line.to_owned()),
                    (None, _) => panic!("output of no command: {line}"),
                }
            }
        } else if let Some(path) = before.strip_suffix("`:").and_then(|it| it.rsplit('`').next()) {
            let text = block.join("\n") + "\n";
            steps.push(Step::File { path: path.to_owned(), text });
        }
    }
    steps
}

/// Whether the line is the pattern with its `…` replaced by something.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.trim_end().strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether the output is what is expected.
fn matches(expected: &[String], output: &[&str]) -> bool {
    match expected.split_first() {
        None => output.is_empty(),
        Some((skip, more)) if skip == "…" => {
            (0..=output.len()).any(|from| matches(more, &output[from..]))
        }
        Some((pattern, more)) => output
            .split_first()
            .is_some_and(|(line, left)| fits(pattern, line) && matches(more, left)),
    }
}

/// A home directory with `vm` in the path, and a VM.
struct Reader {
    place: Place,
    _data: DataDirectory,
    directory: PathBuf,
}

impl Reader {
    fn new() -> Option<Self> {
        let place = Place::new()?;
        place.lay_out(PREFIX, (0, 0), &[], &[]);
        fs::remove_file(place.path(PREFIX).join("lib/vmkit/plugins/libcontract_misbehave.so"))
            .unwrap();
        let home = place.path("home/ann");
        // What root's shell makes below them stays root's, and `vm` keeps its state beside it as ann.
        for folder in [".config", ".local/share", ".local/state"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        give(&home, (ANN, ANN));
        let mut data = DataDirectory::new();
        data.add("web");
        data.start("web");
        // QEMU makes it private, but every user must see the VM here.
        mode(&data.path("vms/web/web.pid"), 0o644);
        // `vm` is ann's, and sees the VM of this test alone.
        let vm = place.path("bin/vm");
        fs::create_dir(place.path("bin")).unwrap();
        let text = format!(
            "#!/bin/sh\nexec setpriv --reuid={ANN} --regid={ANN} --clear-groups {} --timeout 60 \
             --data-dir {} \"$@\"\n",
            place.path(PREFIX).join("bin/vm").display(),
            data.path("").display()
        );
        fs::write(&vm, text).unwrap();
        mode(&vm, 0o755);
        Some(Self { directory: home, place, _data: data })
    }

    fn home(&self) -> PathBuf {
        self.place.path("home/ann")
    }

    /// Cargo's own directory with what this computer has already, and the crates of this checkout in
    /// place of those of the registry.
    fn with_crates(self) -> Self {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk").canonicalize().unwrap();
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let real =
            std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
        let own = self.place.path("cargo");
        fs::create_dir(&own).unwrap();
        symlink(real.join("registry"), own.join("registry")).unwrap();
        let crates = ["types", "abi", "plugin", "testkit"];
        let patch = crates.map(|name| {
            let path = sdk.join(name);
            format!("vmkit-{name} = {{ path = \"{}\" }}\n", path.display())
        });
        // What one guide has built, the next one need not.
        let build = self.place.path("build");
        let text = format!(
            "[build]\nbuild-dir = \"{}\"\n[patch.crates-io]\n{}",
            build.display(),
            patch.concat()
        );
        fs::write(own.join("config.toml"), text).unwrap();
        self
    }

    fn follow(&mut self, step: &Step) {
        match step {
            Step::File { path, text } => {
                let path = match path.strip_prefix("~/") {
                    Some(below) => self.home().join(below),
                    None => self.directory.join(path),
                };
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Step::Command { line, expected } => {
                let said = self.run(line);
                let lines: Vec<&str> = said.lines().collect();
                assert!(matches(expected, &lines), "$ {line}\n{said}\nexpected:\n{expected:#?}");
            }
        }
    }

    /// Runs a line of the shell, and stays in the directory where it ends.
    fn run(&mut self, line: &str) -> String {
        let rust = Path::new(env!("CARGO")).parent().unwrap();
        let place = self.place.path("directory");
        let output = Command::new("sh")
            .args(["-ec", &format!("exec 2>&1\n{line}\npwd >{}", place.display())])
            .env_clear()
            .env("HOME", self.home())
            .env("CARGO_HOME", self.place.path("cargo"))
            .env("CARGO_NET_OFFLINE", "true")
            .env(
                "PATH",
                format!("{}:{}:/usr/bin:/bin", self.place.path("bin").display(), rust.display()),
            )
            .current_dir(&self.directory)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "$ {line}\n{said}");
        self.directory = fs::read_to_string(place).unwrap().trim_end().into();
        said
    }
}

fn follow(guide: &str, reader: &mut Reader) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides").join(guide);
    let steps = steps(&fs::read_to_string(&path).unwrap());
    assert!(steps.len() > 4, "{guide} has steps: {steps:?}");
    reader.directory = reader.home();
    let began = Instant::now();
    for step in &steps {
        reader.follow(step);
    }
    println!("{guide}: {} steps in {:.1} s", steps.len(), began.elapsed().as_secs_f64());
}

#[test]
fn the_guides_in_rust_lead_to_a_line_of_ones_own_and_to_advice() {
    let Some(mut reader) = Reader::new().map(Reader::with_crates) else { return };
    follow("signal.md", &mut reader);
    follow("router.md", &mut reader);
}

#[test]
fn the_guides_in_python_lead_to_a_line_and_a_machine_of_ones_own() {
    let Some(mut reader) = Reader::new() else { return };
    follow("python.md", &mut reader);
    follow("inventory.md", &mut reader);
}

#[test]
fn a_page_has_files_and_commands_in_order() {
    let page = "Write `a.txt`:\n\n```text\nx\n```\n\nA sample:\n\n```rust\nno\n```\n\n```console\n$ ls\na.txt\n$ true\n```\n";
    let file = Step::File { path: "a.txt".to_owned(), text: "x\n".to_owned() };
    let command = |line: &str, expected: &[&str]| Step::Command {
        line: line.to_owned(),
        expected: expected.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(steps(page), [file, command("ls", &["a.txt"]), command("true", &[])]);
}

#[test]
fn output_fits_a_pattern_or_not() {
    let rows: [(&[&str], &[&str], bool); 7] = [
        (&["a"], &["a"], true),
        (&["a"], &["a", "b"], false),
        (&["a … c"], &["a b c"], true),
        (&["a … c"], &["a b d"], false),
        (&["…", "c"], &["a", "b", "c"], true),
        (&["…", "c"], &["a", "c", "b"], false),
        (&["a", "…"], &["a"], true),
    ];
    for (expected, output, fitting) in rows {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(matches(&expected, output), fitting, "{expected:?} {output:?}");
    }
}
