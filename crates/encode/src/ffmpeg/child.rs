//! One child process: started so that it cannot outlive us, watched, limited, and told to end by dropping it.
//!
//! Every child runs below a small `/bin/sh` wrapper whose standard input is a pipe that this process holds and never writes
//! to. The wrapper's watchdog blocks on that pipe: when it closes, because the [`Child`] was dropped or because this process
//! was killed in whatever way, the watchdog kills the child. `PR_SET_PDEATHSIG` would need `unsafe` code here and fires when
//! the spawning *thread* ends; a process group needs someone alive to signal it. The wrapper also sets the memory limit and
//! the niceness. Names of files reach it as arguments, never as text of a script.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};

use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::stderr::Said;
use super::tools::Tools;

/// `$0` is the memory limit in KiB, `$1` the niceness, the rest is the command. The watchdog is ended before the wrapper
/// ends, so that it can never signal a process number that was given to someone else.
const WRAPPER: &str = r#"
ulimit -d "$0" 2>/dev/null
n="$1"; shift
exec 3<&0 </dev/null
nice -n "$n" "$@" 3<&- &
child=$!
( exec >/dev/null 2>&1; read -r _ <&3; kill -9 "$child" ) &
dog=$!
exec 3<&-
wait "$child"; status=$?
kill -9 "$dog" 2>/dev/null
exit "$status"
"#;

/// A running child.
pub struct Child {
    process: tokio::process::Child,
    lifeline: Option<ChildStdin>,
    said: Option<JoinHandle<Said>>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether it ended with 0.
    pub success: bool,
    /// What it said on standard error.
    pub said: Said,
}

impl Child {
    /// Starts `program` with `arguments`, and gives its standard output.
    ///
    /// The environment is emptied but for `PATH` and `TMPDIR`: no secret of this process reaches a parser of outside bytes.
    pub fn start(
        tools: &Tools,
        program: &std::path::Path,
        arguments: &[OsString],
    ) -> std::io::Result<(Child, ChildStdout)> {
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(WRAPPER)
            .arg((tools.memory / 1024).to_string())
            .arg(tools.nice.to_string())
            .arg(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["PATH", "TMPDIR", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("LC_ALL", "C").env("AV_LOG_FORCE_NOCOLOR", "1");
        let mut process = command.spawn()?;
        let missing = || std::io::Error::other("the child has no pipes");
        let stdout = process.stdout.take().ok_or_else(missing)?;
        let stderr = process.stderr.take().ok_or_else(missing)?;
        let child =
            Child { lifeline: process.stdin.take(), said: Some(tokio::spawn(Said::read(stderr))), process };
        Ok((child, stdout))
    }

    /// Waits until it ends of itself.
    pub async fn wait(mut self) -> std::io::Result<Ended> {
        let status = self.process.wait().await?;
        Ok(self.ended(status).await)
    }

    /// Ends it now, and waits until it is gone.
    pub async fn kill(mut self) -> std::io::Result<Ended> {
        drop(self.lifeline.take());
        let status = self.process.wait().await?;
        Ok(self.ended(status).await)
    }

    async fn ended(&mut self, status: ExitStatus) -> Ended {
        let said = match self.said.take() {
            Some(reader) => reader.await.unwrap_or_default(),
            None => Said::default(),
        };
        Ended { success: status.success(), said }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::AsyncReadExt;

    use super::*;

    fn sleeper(seconds: &str) -> (Child, ChildStdout) {
        Child::start(&Tools::default(), Path::new("sleep"), &[seconds.into()]).expect("a shell")
    }

    // Its standard output is open for as long as any process of it lives.
    async fn is_gone(mut stdout: ChildStdout) -> bool {
        let mut rest = Vec::new();
        let end = stdout.read_to_end(&mut rest);
        tokio::time::timeout(std::time::Duration::from_secs(10), end).await.is_ok()
    }

    #[tokio::test]
    async fn what_is_dropped_ends() {
        // The kernel closes the pipe in the same way when this process is killed.
        let (child, stdout) = sleeper("86399");
        drop(child);
        assert!(is_gone(stdout).await);
    }

    #[tokio::test]
    async fn what_is_killed_says_so() {
        let (child, stdout) = sleeper("86398");
        let ended = child.kill().await.expect("an end");
        assert!(!ended.success && is_gone(stdout).await);
    }

    #[tokio::test]
    async fn what_ends_of_itself_leaves_nothing_behind() {
        let (child, stdout) = sleeper("0");
        let ended = child.wait().await.expect("an end");
        assert!(ended.success && is_gone(stdout).await);
        let words = ["-c".into(), "echo broken >&2; exit 3".into()];
        let (child, _stdout) = Child::start(&Tools::default(), Path::new("sh"), &words).expect("a shell");
        let ended = child.wait().await.expect("an end");
        assert!(!ended.success && ended.said.last_line() == "broken");
    }
}
