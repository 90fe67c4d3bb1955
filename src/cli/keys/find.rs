//! Which key an operator means.

use crate::failure::Failure;
use ostia_domain::key::Presented;
use ostia_proto::{ControlClient, v1};
use tonic::Code;

/// Takes what control takes, and even a whole key, of which only the public id leaves this process.
pub(crate) async fn find(control: &ControlClient, named: String) -> Result<v1::Key, Failure> {
    let key = match Presented::parse(&named) {
        Ok(whole) => whole.public_id().to_string(),
        Err(_) => named,
    };
    let request = v1::GetKeyRequest { key, owner: None };
    let found = control.keys().get_key(request).await.map_err(|status| {
        let missing = status.code() == Code::NotFound;
        let failure = Failure::from(status);
        if missing {
            return failure.hint("`ostia keys list` shows those there are");
        }
        failure
    });
    Ok(found?.into_inner())
}
