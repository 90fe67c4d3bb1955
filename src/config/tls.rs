//! TLS of control's own listener.

use super::{file, read_named};
use crate::{args::TlsArgs, failure::Failure};
use ostia_control::Tls;
use ostia_domain::key::Secret;

pub(crate) fn server(args: &TlsArgs, file: &file::Tls) -> Result<Option<Tls>, Failure> {
    let cert = args.cert.as_ref().or(file.cert.as_ref());
    let key = args.key.as_ref().or(file.key.as_ref());
    let client_ca = args.client_ca.as_ref().or(file.client_ca.as_ref());
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(Tls {
            certificate: read_named("--tls-cert (tls.cert)", cert)?,
            key: Secret::new(read_named("--tls-key (tls.key)", key)?),
            client_ca: client_ca
                .map(|path| read_named("--tls-client-ca (tls.client_ca)", path))
                .transpose()?,
        })),
        (None, None) if client_ca.is_none() => Ok(None),
        _ => Err(Failure::usage(
            "TLS of control needs both --tls-cert (tls.cert) and --tls-key (tls.key)",
        )),
    }
}
