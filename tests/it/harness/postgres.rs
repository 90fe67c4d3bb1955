//! A PostgreSQL server of one test's own, which may be stopped and started again.

use super::command::{self, command, std_command};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use uuid::Uuid;

const USER: &str = "ostia";
/// Attempts to find a port that nobody has.
const ATTEMPTS: usize = 5;

/// Dropped, it is stopped and its folder removed.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(owner) = owner() {
            let owner = Some(user_id(owner));
            std::os::unix::fs::chown(folder.path(), owner, None).expect("a folder of its own");
        }
        let mut server = Self {
            folder,
            programs: programs(),
            port: 0,
        };
        let data = server.data();
        let initdb = ["-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "-N"];
        let mut args = vec!["-D", data.to_str().expect("UTF-8")];
        args.extend(initdb);
        command::run(server.program("initdb", &args)).await.ok();
        for _ in 0..ATTEMPTS {
            server.port = port();
            if server.begin().await.code == Some(0) {
                return server;
            }
        }
        panic!("PostgreSQL does not start:\n{}", server.log());
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// As if its machine had lost power: nobody is told, nothing is written any more.
    pub(crate) async fn stop(&self) {
        command::run(self.pg_ctl(&["-m", "immediate", "stop"]))
            .await
            .ok();
    }

    /// At the same address, after [`Self::stop`]; what was committed is there.
    pub(crate) async fn start_again(&self) {
        let started = self.begin().await;
        assert_eq!(started.code, Some(0), "{started:#?}\n{}", self.log());
    }

    async fn begin(&self) -> command::Finished {
        let log = self.folder.path().join("log");
        let log = log.to_str().expect("UTF-8");
        // Its folder is thrown away, and it is the server that is stopped, never the machine.
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off",
            self.port
        );
        command::run(self.pg_ctl(&["-l", log, "-o", &options, "start"])).await
    }

    fn pg_ctl(&self, args: &[&str]) -> tokio::process::Command {
        let data = self.data();
        let mut all = vec!["-w", "-s", "-D", data.to_str().expect("UTF-8")];
        all.extend(args);
        self.program("pg_ctl", &all)
    }

    fn program(&self, name: &str, args: &[&str]) -> tokio::process::Command {
        let program = self.programs.join(name);
        let mut all = as_owner(&program);
        let mut command = command(all.remove(0));
        command.args(all).args(args).current_dir("/");
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut all = as_owner(&self.programs.join("pg_ctl"));
        let stop = std_command(all.remove(0))
            .args(all)
            .args(["-w", "-s", "-m", "immediate", "-D"])
            .arg(self.data())
            .arg("stop")
            .current_dir("/")
            .output();
        // It may be stopped already.
        let _ = stop;
    }
}

/// The newest of the distribution's, or those of the path.
fn programs() -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = installed
        .filter_map(|version| {
            let version = version.ok()?;
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .max();
    newest.map(|(_, programs)| programs).unwrap_or_default()
}

/// PostgreSQL does not run as root.
fn owner() -> Option<&'static str> {
    let root = rustix::process::geteuid().is_root();
    root.then_some("postgres")
}

fn as_owner(program: &Path) -> Vec<String> {
    let program = program.to_str().expect("UTF-8").to_owned();
    match owner() {
        Some(owner) => ["runuser", "-u", owner, "--"]
            .map(str::to_owned)
            .into_iter()
            .chain([program])
            .collect(),
        None => vec![program],
    }
}

fn user_id(name: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let mut found = fields.filter(|fields| fields.first() == Some(&name));
    let fields = found.next().expect("the user of the package");
    fields[2].parse().expect("a number")
}

/// Below those that the system gives out by itself.
fn port() -> u16 {
    let [first, second, ..] = Uuid::new_v4().into_bytes();
    15_000 + u16::from_be_bytes([first, second]) % 15_000
}
