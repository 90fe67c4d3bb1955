//! The control a command talks to: the one that was named, the one that runs on the data folder, or,
//! when none runs, one that is opened here for the length of the command.

use crate::{
    config::{Secrets, Settings},
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    run::control,
};
use ostia_control::Control;
use ostia_proto::ControlClient;
use std::{fs, path::Path, time::Duration};

/// How long a control that announced itself may take to be reached.
const REACH: Duration = Duration::from_secs(2);
const USERS: &str = "/etc/passwd";

pub(crate) struct Connection {
    client: ControlClient,
    local: Option<Control>,
}

impl Connection {
    pub(crate) async fn open(settings: &Settings, output: Output) -> Result<Self, Failure> {
        let connection = Self::find(settings, output).await?;
        Ok(Self {
            client: connection.client.acting_as(&actor()),
            ..connection
        })
    }

    async fn find(settings: &Settings, output: Output) -> Result<Self, Failure> {
        let told = |text: String| {
            if settings.verbose {
                output.remark(&text);
            }
        };
        let data = DataDir::at(&settings.data_dir);
        let url = match &settings.endpoint.url {
            Some(url) => Some(url.clone()),
            None => running(settings, &data).await?,
        };
        if let Some(url) = url {
            told(format!("talking to the control at {url}"));
            return Self::remote(settings, &url);
        }
        demand_database(settings)?;
        told(format!(
            "no control runs on {}: opening its database here",
            settings.data_dir.display()
        ));
        Self::local(settings).await
    }

    fn remote(settings: &Settings, url: &str) -> Result<Self, Failure> {
        let connector = settings.endpoint.connector(url)?;
        let secrets = Secrets::read(&settings.data_dir)?;
        Ok(Self {
            client: control::connect(&connector, settings, &secrets)?,
            local: None,
        })
    }

    async fn local(settings: &Settings) -> Result<Self, Failure> {
        let secrets = Secrets::of_control(settings).await?;
        let config = control::config(settings, &secrets)?;
        let control = Control::open(config)
            .await
            .map_err(|error| Failure::new("cannot open the database").because(&error))?;
        Ok(Self {
            client: control.client(),
            local: Some(control),
        })
    }

    pub(crate) fn client(&self) -> &ControlClient {
        &self.client
    }

    pub(crate) async fn close(self) {
        if let Some(control) = self.local {
            control.close().await;
        }
    }
}

/// The address in the data folder, if the control that wrote it still runs. One that was killed leaves
/// it behind: then nobody holds the lock, and whoever has the port now is somebody else.
pub(crate) async fn running(
    settings: &Settings,
    data: &DataDir,
) -> Result<Option<String>, Failure> {
    let Some(url) = data
        .announced("control")
        .filter(|_| data.is_locked("control"))
    else {
        return Ok(None);
    };
    let connector = settings.endpoint.connector(&url)?;
    match tokio::time::timeout(REACH, connector.connect()).await {
        Ok(Ok(_)) => Ok(Some(url)),
        _ => Ok(None),
    }
}

pub(crate) fn demand_database(settings: &Settings) -> Result<(), Failure> {
    if settings.database_named || DataDir::at(&settings.data_dir).has_database() {
        return Ok(());
    }
    Err(Failure::unreachable(format!(
        "no control runs on {0}, and {0} has no database",
        settings.data_dir.display()
    ))
    .hint("start one with `ostia run`, or name another with --data-dir or --control-url"))
}

/// Who runs this command, as audit names them.
pub(crate) fn actor() -> String {
    format!("cli:{}", user_name())
}

fn user_name() -> String {
    let uid = rustix::process::getuid().as_raw();
    name_of(uid, Path::new(USERS)).unwrap_or_else(|| uid.to_string())
}

fn name_of(uid: u32, users: &Path) -> Option<String> {
    let users = fs::read_to_string(users).ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_the_users_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(
            file.path(),
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n",
        )
        .unwrap();
        assert_eq!(name_of(1000, file.path()).as_deref(), Some("ann"));
        assert_eq!(name_of(7, file.path()), None);
    }
}
