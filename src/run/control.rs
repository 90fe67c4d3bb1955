//! Control in this process, or the way to one that runs elsewhere.

use super::itself::Itself;
use crate::{
    config::{Found, RunSettings, Secrets, Settings},
    data_dir::DataDir,
    failure::Failure,
};
use ostia_control::Control;
use ostia_proto::{ControlClient, v1};

/// Opens control on a database that is up to date, with the secrets it was set up with.
pub(crate) async fn open(
    settings: &RunSettings,
    data: &DataDir,
    secrets: &mut Secrets,
    itself: &Itself,
) -> Result<Control, Failure> {
    let url = &settings.common.database_url;
    // One process on a laptop should just start; a replica of many must not change a schema unasked.
    if settings.migrate || settings.roles.all() || url.starts_with("sqlite:") {
        migrate(&settings.common, data).await?;
    }
    let found = secrets.complete()?;
    let config = ostia_control::Config {
        max_key_lifetime: settings.max_key_lifetime,
        max_key_idle: settings.max_key_idle,
        mail: settings.mail.clone(),
        tls: settings.tls.clone(),
        retention: Some(settings.retention),
        process: Some(itself.with(settings, secrets)),
        ..config(&settings.common, secrets)?
    };
    let control = Control::open(config)
        .await
        .map_err(|error| Failure::new("cannot open control").because(&error))?;
    if found == Found::Made
        && let Err(failure) = keep_new_secrets(&control, secrets).await
    {
        control.close().await;
        return Err(failure);
    }
    Ok(control)
}

/// Brings the database up to this version and says how many steps that took.
pub(crate) async fn migrate(settings: &Settings, data: &DataDir) -> Result<usize, Failure> {
    if !settings.database_named {
        data.make_database()?;
    }
    let applied = ostia_migrations::up(&settings.database_url)
        .await
        .map_err(|error| Failure::new("cannot migrate the database").because(&error))?;
    tracing::info!(steps = applied.steps, "database is up to date");
    Ok(applied.steps)
}

/// What control is given, from what is known of this installation, where it serves nobody else and is
/// there for a moment only.
pub(crate) fn config(
    settings: &Settings,
    secrets: &Secrets,
) -> Result<ostia_control::Config, Failure> {
    Ok(ostia_control::Config {
        database_url: settings.database_url.clone(),
        service_token: secrets.service_token()?,
        key_pepper: secrets.key_pepper()?,
        master_keys: secrets.master_keys()?,
        max_key_lifetime: None,
        max_key_idle: None,
        mail: None,
        tls: None,
        retention: None,
        process: None,
    })
}

/// New secrets are only right for an empty database: with another pepper no key would work, with
/// another master key no credential would open.
async fn keep_new_secrets(control: &Control, secrets: &Secrets) -> Result<(), Failure> {
    let mut identity = control.client().identity();
    let users = identity.list_users(v1::ListUsersRequest {}).await?;
    if !users.into_inner().users.is_empty() {
        return Err(Failure::usage(
            "this database was set up with secrets that are not in the data folder",
        )
        .hint(
            "restore secrets.toml from a backup, or set OSTIA_SERVICE_TOKEN, OSTIA_KEY_PEPPER, \
             OSTIA_MASTER_KEY and OSTIA_SESSION_KEYS",
        ));
    }
    secrets.write()
}

/// A client of the control that the settings name, or that announced itself in the data folder.
pub(crate) fn remote(
    settings: &RunSettings,
    data: &DataDir,
    secrets: &Secrets,
) -> Result<ControlClient, Failure> {
    let endpoint = &settings.common.endpoint;
    let url = endpoint.url.clone().or_else(|| data.announced("control"));
    let url = url.ok_or_else(|| {
        Failure::usage("this process does not run control and does not know where it is")
            .hint("pass --control-url (control.url), as http://control.internal:7070")
    })?;
    connect(&endpoint.connector(&url)?, &settings.common, secrets)
}

/// A client over `connector`, with the service token unless a certificate speaks for us.
pub(crate) fn connect(
    connector: &tonic::transport::Endpoint,
    settings: &Settings,
    secrets: &Secrets,
) -> Result<ControlClient, Failure> {
    let endpoint = &settings.endpoint;
    let token = match &endpoint.service_token {
        Some(token) => Some(token.clone()),
        None if endpoint.has_identity() => secrets.service_token().ok(),
        None => Some(secrets.service_token()?),
    };
    ControlClient::remote(connector, token.as_ref())
        .map_err(|error| Failure::usage("the service token").because(&error))
}
