//! Where control is, for a client in another process, and the addresses that are printed.

use super::{file, plaintext, read_named, variable};
use crate::{args::ControlArgs, failure::Failure};
use ostia_domain::key::Secret;
use std::{path::PathBuf, time::Duration};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Watches are quiet for up to 5 s; a peer that vanished is noticed soon after.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How to reach a control that is not in this process.
pub(crate) struct Endpoint {
    /// Unset: the one that runs on the data folder, if any.
    pub(crate) url: Option<String>,
    ca: Option<String>,
    identity: Option<(String, String)>,
    /// Where the token is, if a file was named.
    pub(crate) token_file: Option<PathBuf>,
    /// Given by file or variable, not found in the data folder.
    pub(crate) service_token: Option<Secret>,
}

pub(crate) fn settings(args: &ControlArgs, file: &file::Control) -> Result<Endpoint, Failure> {
    let pick = |flag: &Option<PathBuf>, file: &Option<PathBuf>, what: &str| {
        flag.as_ref()
            .or(file.as_ref())
            .map(|path| read_named(what, path))
            .transpose()
    };
    let ca = pick(&args.control_ca, &file.ca, "--control-ca (control.ca)")?;
    let cert = pick(
        &args.control_client_cert,
        &file.client_cert,
        "--control-client-cert (control.client_cert)",
    )?;
    let key = pick(
        &args.control_client_key,
        &file.client_key,
        "--control-client-key (control.client_key)",
    )?;
    let token_file = args.service_token_file.as_ref();
    let token_file = token_file.or(file.service_token_file.as_ref());
    let token = pick(
        &args.service_token_file,
        &file.service_token_file,
        "--service-token-file (control.service_token_file)",
    )?;
    if cert.is_some() != key.is_some() {
        return Err(Failure::usage(
            "a client certificate needs both --control-client-cert and --control-client-key",
        ));
    }
    let url = args.control_url.clone().or_else(|| file.url.clone());
    if let Some(url) = &url {
        check_control_url(url, ca.is_some(), plaintext(args, file))?;
    }
    Ok(Endpoint {
        url,
        ca,
        identity: cert.zip(key),
        token_file: token.as_ref().and(token_file.cloned()),
        service_token: token
            .map(|text| text.trim().to_owned())
            .or_else(|| variable("OSTIA_SERVICE_TOKEN"))
            .map(Secret::new),
    })
}

/// Whether control may be spoken to over a network without TLS.
pub(super) fn plaintext(args: &ControlArgs, file: &file::Control) -> bool {
    args.control_plaintext || file.plaintext
}

fn check_control_url(url: &str, has_ca: bool, plaintext_allowed: bool) -> Result<(), Failure> {
    let setting = "--control-url (control.url)";
    if let Some(rest) = url.strip_prefix("https://") {
        if !has_ca {
            return Err(Failure::usage(format!("{setting} {url} is https"))
                .hint("say whose certificates to trust with --control-ca (control.ca)"));
        }
        return check_authority(setting, rest);
    }
    match url.strip_prefix("http://") {
        Some(rest) => {
            check_authority(setting, rest)?;
            plaintext::check_url(rest, plaintext_allowed)
        }
        None => Err(Failure::usage(format!(
            "{setting} {url:?} does not start with http:// or https://"
        ))),
    }
}

fn check_authority(setting: &str, rest: &str) -> Result<(), Failure> {
    if rest.trim_end_matches('/').is_empty() || rest.contains(['@', ' ', '?', '#']) {
        return Err(Failure::usage(format!(
            "{setting}: {rest:?} is no host and port"
        )));
    }
    Ok(())
}

impl Endpoint {
    pub(crate) fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// The transport towards `url`; nothing is connected yet.
    pub(crate) fn connector(&self, url: &str) -> Result<tonic::transport::Endpoint, Failure> {
        let bad = |error: &tonic::transport::Error| {
            Failure::usage(format!("cannot use {url} as control's address")).because(error)
        };
        let mut endpoint = tonic::transport::Endpoint::from_shared(url.to_owned())
            .map_err(|error| bad(&error))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true);
        if url.starts_with("https://") {
            let ca = self.ca.as_ref().ok_or_else(|| {
                Failure::usage(format!("the control at {url} speaks TLS"))
                    .hint("pass --control-url with the name in its certificate, and --control-ca")
            })?;
            let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
            if let Some((cert, key)) = &self.identity {
                tls = tls.identity(Identity::from_pem(cert, key));
            }
            endpoint = endpoint.tls_config(tls).map_err(|error| bad(&error))?;
        }
        Ok(endpoint)
    }
}

/// An address for people, without a slash at its end.
pub(crate) fn public_url(
    setting: &str,
    flag: Option<String>,
    file: Option<String>,
) -> Result<Option<String>, Failure> {
    let Some(url) = flag.or(file) else {
        return Ok(None);
    };
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .unwrap_or_default();
    if rest.is_empty() || rest.contains(char::is_whitespace) || rest.contains(['?', '#', '\'', '"'])
    {
        return Err(Failure::usage(format!(
            "{setting} {url:?} is no address of the form https://host[:port][/path]"
        )));
    }
    Ok(Some(url.trim_end_matches('/').to_owned()))
}
