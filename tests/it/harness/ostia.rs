//! The program itself, as a user starts it: `ostia run --demo --json`, on free ports, in a folder of
//! its own.

use super::{
    command::{self, Finished, command},
    database::{self, Database},
    environment,
    launch::{self, Announcement, Launch},
    processes,
};
use std::{ffi::OsString, path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// How long a stop may take: the drain of open calls is part of it.
const STOP: Duration = Duration::from_secs(40);

/// How to start it.
#[derive(Default)]
pub(crate) struct Options {
    without_demo: bool,
    sqlite: bool,
    roles: Vec<&'static str>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    data: Option<TempDir>,
    database: Option<Database>,
    mcp_port: Option<u16>,
}

impl Options {
    /// One more argument of `ostia run`.
    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Without `--demo`: an administrator and nothing else.
    pub(crate) fn without_demo(mut self) -> Self {
        self.without_demo = true;
        self
    }

    /// Only these roles, and no demo where control is not among them.
    pub(crate) fn roles(mut self, roles: &[&'static str]) -> Self {
        self.roles = roles.to_vec();
        self
    }

    /// SQLite in the data folder, also in a run of the tests on Postgres.
    pub(crate) fn sqlite(mut self) -> Self {
        self.sqlite = true;
        self
    }

    /// The port of the MCP endpoint, for who has to know it before.
    pub(crate) fn mcp_listen(mut self, port: u16) -> Self {
        self.mcp_port = Some(port);
        self
    }

    /// A database that the test keeps.
    pub(crate) fn database(mut self, url: String) -> Self {
        self.database = Some(database::at(url));
        self
    }

    /// A data folder that holds something already.
    pub(crate) fn data(mut self, folder: TempDir) -> Self {
        self.data = Some(folder);
        self
    }

    pub(crate) async fn start(mut self) -> Ostia {
        let data = self.data.take();
        let data = data.unwrap_or_else(|| tempfile::tempdir().expect("a temporary folder"));
        let has_control = self.roles.is_empty() || self.roles.contains(&"control");
        let mut args: Vec<_> = self.roles.iter().map(ToString::to_string).collect();
        let mut database = self.database.take();
        if has_control && !self.without_demo {
            args.push("--demo".to_owned());
        }
        let postgres = !self.sqlite && environment::postgres_admin_url().is_some();
        if database.is_none() && has_control && postgres {
            database = Some(database::blank().await);
        }
        if let Some(database) = &database {
            let url = ("OSTIA_DATABASE_URL".to_owned(), database.url.clone());
            self.env.push(url);
            args.push("--migrate".to_owned());
        }
        args.extend(self.args);
        let mut launch = Launch::new(args, self.env);
        if let Some(port) = self.mcp_port {
            launch.listen_for_mcp(port);
        }
        let started = launch.start(data.path()).await;
        let (child, announced) = started.unwrap_or_else(|problem| panic!("{problem}"));
        Ostia::new(child, announced, launch, data, database)
    }
}

/// A running program. Dropping it kills it and everything it started.
pub(crate) struct Ostia {
    pub(crate) control_url: String,
    /// With the path: what a client is configured with.
    pub(crate) mcp_url: String,
    pub(crate) web_url: String,
    pub(crate) admin_url: String,
    pub(crate) first_start: bool,
    pub(crate) login_link: Option<String>,
    /// The demo key. Empty when the program was started without `--demo`.
    pub(crate) key: String,
    child: Child,
    pid: u32,
    launch: Launch,
    data: TempDir,
    database: Option<Database>,
}

impl Ostia {
    /// With the demo, as the README starts it.
    pub(crate) async fn start() -> Self {
        Options::default().start().await
    }

    pub(crate) fn options() -> Options {
        Options::default()
    }

    fn new(
        child: Child,
        announced: Announcement,
        mut launch: Launch,
        data: TempDir,
        database: Option<Database>,
    ) -> Self {
        launch.stay_at(&announced);
        Self {
            pid: child.id().expect("a running process"),
            control_url: announced.control_url,
            mcp_url: announced.mcp_url,
            web_url: announced.web_url,
            admin_url: announced.admin_url,
            first_start: announced.first_start,
            login_link: announced.login_url,
            key: announced.key.unwrap_or_default(),
            child,
            launch,
            data,
            database,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The folder that `--data-dir` names.
    pub(crate) fn data_dir(&self) -> PathBuf {
        launch::data_dir(self.data.path())
    }

    /// The database behind it, for what no service tells.
    pub(crate) fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}", self.data_dir().join("ostia.db").display()),
        }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(launch::log_file(self.data.path())).unwrap_or_default()
    }

    /// `ostia <args> --json` over the same data folder.
    pub(crate) async fn cli(&self, args: &[&str]) -> Finished {
        self.cli_with(args, &[]).await
    }

    /// As [`Self::cli`], with variables. Arguments after `--` belong to somebody else, so the flags of
    /// every command go before them.
    pub(crate) async fn cli_with(&self, args: &[&str], env: &[(&str, &str)]) -> Finished {
        let split = args
            .iter()
            .position(|arg| *arg == "--")
            .unwrap_or(args.len());
        let (own, rest) = args.split_at(split);
        let mut command = command(environment::OSTIA);
        command
            .args(own)
            .arg("--json")
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(rest);
        command
            .envs(self.launch.env.iter().cloned())
            .envs(env.iter().copied());
        command::run(command).await
    }

    /// `ostia <args>` over the same data folder, as people call it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(environment::OSTIA);
        command.args(self.arguments(args));
        command.envs(self.launch.env.iter().cloned());
        command
    }

    /// What it shows people.
    pub(crate) async fn shown(&self, args: &[&str]) -> Finished {
        command::run(self.command(args)).await
    }

    /// What it shows on a terminal of so many columns. No argument has a quote.
    pub(crate) async fn shown_within(&self, columns: usize, args: &[&str]) -> Finished {
        let program = OsString::from(environment::OSTIA);
        let words = std::iter::once(program).chain(self.arguments(args));
        let words = words.map(|word| format!("'{}'", word.to_string_lossy()));
        let line = words.collect::<Vec<_>>().join(" ");
        let mut terminal = command("script");
        terminal.args(["--quiet", "--return", "--command"]);
        terminal
            .arg(format!("stty cols {columns}; {line}"))
            .arg("/dev/null");
        terminal.envs(self.launch.env.iter().cloned());
        let finished = command::run(terminal).await;
        Finished {
            stdout: finished.stdout.replace("\r\n", "\n"),
            ..finished
        }
    }

    fn arguments(&self, args: &[&str]) -> Vec<OsString> {
        let folder = [OsString::from("--data-dir"), self.data_dir().into()];
        args.iter().map(OsString::from).chain(folder).collect()
    }

    /// SIGTERM; fails unless it ends by itself with exit code 0.
    pub(crate) async fn stop(&mut self) {
        processes::terminate(self.pid);
        self.ended().await;
    }

    /// Waits for the end after a SIGTERM that was sent already: a second one would cut the stop short.
    pub(crate) async fn ended(&mut self) {
        let status = timeout(STOP, self.child.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("still running {STOP:?} after SIGTERM\n{}", self.log()));
        let status = status.expect("wait");
        assert_eq!(
            status.code(),
            Some(0),
            "{status} after SIGTERM\n{}",
            self.log()
        );
    }

    /// SIGKILL, and waits for the process (not its children) to be gone.
    pub(crate) async fn kill9(&mut self) {
        processes::kill9(self.pid);
        timeout(STOP, self.child.wait())
            .await
            .expect("killed")
            .expect("wait");
    }

    /// Starts again on the same folder and addresses, after [`Self::stop`] or [`Self::kill9`].
    pub(crate) async fn start_again(&mut self) {
        let started = self.launch.start(self.data.path()).await;
        let (child, announced) = started.unwrap_or_else(|problem| panic!("{problem}"));
        self.pid = child.id().expect("a running process");
        self.child = child;
        self.first_start = announced.first_start;
        self.login_link = announced.login_url;
        assert_eq!(announced.mcp_url, self.mcp_url);
    }

    /// Starts again on the same folder at other addresses, which another program cannot have taken meanwhile.
    pub(crate) async fn start_elsewhere(&mut self) {
        self.launch.leave_addresses();
        let started = self.launch.start(self.data.path()).await;
        let (child, announced) = started.unwrap_or_else(|problem| panic!("{problem}"));
        self.pid = child.id().expect("a running process");
        self.child = child;
        self.launch.stay_at(&announced);
        self.control_url = announced.control_url;
        self.mcp_url = announced.mcp_url;
        self.web_url = announced.web_url;
        self.admin_url = announced.admin_url;
    }

    /// A normal stop and another start; address, keys and records are the same.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }
}

impl Drop for Ostia {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        let family = processes::descendants(self.pid);
        processes::kill9(self.pid);
        // The program's own promise is that they die with it; a test that checks it does so before.
        for process in family {
            processes::kill9(process.pid);
        }
        // Reaped by tokio (`kill_on_drop`) when the handle goes.
    }
}
