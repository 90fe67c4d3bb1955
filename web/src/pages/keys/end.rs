//! Switching a key off and on, and ending it for good.

use super::detail;
use crate::{
    Site,
    address::Path,
    components::{form::Posted, table::encoded},
    csrf::Checked,
    load::{Failure, load},
    visitor::Visitor,
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use ostia_proto::v1;
use tonic::Status;

/// Of what cannot be taken back the name has to be typed.
const CONFIRMED: &str = "confirm";

type Form = Checked<Vec<(String, String)>>;

pub(super) async fn inactivate(Path(key): Path<String>, form: Form) -> Response {
    let visitor = form.visitor;
    let mut keys = visitor.control.keys();
    let request = v1::InactivateKeyRequest { key: key.clone() };
    let done = load(async { keys.inactivate_key(request).await.map(drop) }).await;
    answer(
        &visitor,
        done,
        &format!("/keys/{}?done=inactivated", encoded(&key)),
    )
}

pub(super) async fn activate(Path(key): Path<String>, form: Form) -> Response {
    let visitor = form.visitor;
    let mut keys = visitor.control.keys();
    let request = v1::ActivateKeyRequest { key: key.clone() };
    let done = load(async { keys.activate_key(request).await.map(drop) }).await;
    answer(
        &visitor,
        done,
        &format!("/keys/{}?done=activated", encoded(&key)),
    )
}

pub(super) async fn revoke(site: State<Site>, Path(key): Path<String>, form: Form) -> Response {
    end(site, &key, form, Ending::Revoke).await
}

pub(super) async fn delete(site: State<Site>, Path(key): Path<String>, form: Form) -> Response {
    end(site, &key, form, Ending::Delete).await
}

#[derive(Clone, Copy)]
enum Ending {
    Revoke,
    Delete,
}

async fn end(State(site): State<Site>, key: &str, form: Form, ending: Ending) -> Response {
    let Checked { visitor, form } = form;
    let mut posted = Posted::new(form);
    let name = match load(visitor.key(key)).await {
        Ok(found) => found.name,
        Err(failure) => return failure.show(&visitor),
    };
    let (field, done) = match ending {
        Ending::Revoke => ("revoke", format!("/keys/{}?done=revoked", encoded(key))),
        Ending::Delete => ("delete", "/keys?done=deleted".to_owned()),
    };
    if posted.get(CONFIRMED) != name {
        posted.refuse(field, "is not the name of this key: nothing was done");
        return detail::refused(&site, &visitor, key, posted).await;
    }
    let ended = load(ended(&visitor, key.to_owned(), ending)).await;
    answer(&visitor, ended, &done)
}

async fn ended(visitor: &Visitor, key: String, ending: Ending) -> Result<(), Status> {
    let mut keys = visitor.control.keys();
    match ending {
        Ending::Revoke => keys
            .revoke_key(v1::RevokeKeyRequest { key })
            .await
            .map(drop),
        Ending::Delete => keys
            .delete_key(v1::DeleteKeyRequest { key })
            .await
            .map(drop),
    }
}

fn answer(visitor: &Visitor, done: Result<(), Failure>, then: &str) -> Response {
    match done {
        Ok(()) => Redirect::to(then).into_response(),
        Err(failure) => failure.show(visitor),
    }
}
