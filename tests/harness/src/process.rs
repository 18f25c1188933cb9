//! One edge or worker as a process of its own, with its log in a file and signals by name.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How many of a process's last log lines a failed test prints.
const LOG_LINES_SHOWN: usize = 40;

/// A started process. Dropping it kills it; a failing test then prints the end of its log.
pub struct Process {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `program args…`; its output is appended to `<folder>/<name>.log`.
    pub fn start(
        folder: &Path,
        name: &str,
        program: &Path,
        args: &[&str],
        env: Vec<(String, String)>,
    ) -> Self {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        let log = folder.join(format!("{name}.log"));
        let child = spawn(program, &args, &env, &log);
        Self { name: name.to_owned(), program: program.to_owned(), args, env, log, child }
    }

    /// The name that the stack gave it, such as `worker-1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends it at once, as a crash of its machine would (SIGKILL).
    pub fn kill(&mut self) {
        // An error means that it had ended before, which is what the caller wants.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again with the same settings, after it has ended.
    pub fn start_again(&mut self) {
        self.kill();
        self.child = spawn(&self.program, &self.args, &self.env, &self.log);
    }

    /// Sends a signal by its name without `SIG`: `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} takes no {name}", self.name);
    }

    /// The exit code, once it has ended by itself (`None` inside: by a signal).
    pub fn ended(&mut self) -> Option<Option<i32>> {
        self.child
            .try_wait()
            .expect("a child of ours can be waited for")
            .map(|status| status.code())
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("--- {} ({}), its last lines:", self.name, self.log.display());
            eprintln!("{}", shown.join("\n"));
        }
    }
}

fn spawn(program: &Path, args: &[String], env: &[(String, String)], log: &Path) -> Child {
    let output = File::options().create(true).append(true).open(log).expect("a log file");
    let errors = output.try_clone().expect("a log file opened twice");
    Command::new(program)
        .args(args)
        .envs(env.iter().map(|(name, value)| (name, value)))
        // The other end closes when this process is gone, even if it was killed; see `stack`.
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()))
}
