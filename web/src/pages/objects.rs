//! Objects that have a list, a form, and an end. What is done with them is here once; a file for each says what
//! they are and how they look.

use crate::{
    Site,
    address::{Path, Query},
    components::{
        content::Panel,
        form::Posted,
        removal::{Removal, confirmed},
    },
    csrf::Checked,
    load::{Failure, load},
    part::{Asked, Part},
    render,
    saving::save,
    visitor::{Overseer, Role, Visitor},
};
use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::StatusCode;
use leptos::prelude::*;
use tonic::Status;

pub(crate) trait Object: Clone + Send + Sync + Sized + 'static {
    /// Path of the list; the pages of one are below it.
    const LIST: &'static str;
    /// What is said when it was done.
    const MADE: &'static str;
    const CHANGED: &'static str;
    const DELETED: &'static str;
    /// Who may do it; everybody who oversees may look.
    type Keeper: Role;
    /// What the page of one needs besides.
    type Beside: Send;

    fn id(&self) -> &str;
    fn name(&self) -> &str;
    /// The fields of the form.
    fn form(&self) -> Posted;

    /// All of them, by name.
    fn all(visitor: &Visitor) -> impl Future<Output = Result<Vec<Self>, Status>> + Send;
    /// One by what the path says: its id, or its name where that is one word.
    fn find(visitor: &Visitor, of: String) -> impl Future<Output = Result<Self, Status>> + Send;
    fn beside(
        site: &Site,
        visitor: &Visitor,
    ) -> impl Future<Output = Result<Self::Beside, Status>> + Send;
    /// Makes one, or changes this one, as the form says. `None`: what is wrong is in the form now.
    fn save(
        visitor: &Visitor,
        before: Option<&Self>,
        posted: &mut Posted,
    ) -> impl Future<Output = Result<Option<Self>, Failure>> + Send;
    fn delete(&self, visitor: &Visitor) -> impl Future<Output = Result<(), Status>> + Send;

    fn list(part: Part<Self>, may_change: bool, done: Option<&'static str>) -> AnyView;
    fn one(page: One<Self>) -> AnyView;
}

/// The page of one, or of one to be made.
pub(crate) struct One<O: Object> {
    /// Unset: it is to be made.
    pub(crate) object: Option<O>,
    pub(crate) posted: Posted,
    pub(crate) beside: O::Beside,
    pub(crate) may_change: bool,
    pub(crate) done: Option<&'static str>,
}

impl<O: Object> One<O> {
    /// Title, and where the form goes.
    pub(crate) fn head(&self, make: &str) -> (String, String) {
        match &self.object {
            Some(object) => (object.name().to_owned(), address(object)),
            None => (make.to_owned(), format!("{}/new", O::LIST)),
        }
    }

    /// The panel that takes it away, for whoever may.
    pub(crate) fn removal(&self, said: &'static str, why: &'static str) -> Option<AnyView> {
        let object = self.object.as_ref().filter(|_| self.may_change)?;
        let (posted, name) = (self.posted.clone(), object.name().to_owned());
        let action = format!("{}/delete", address(object));
        let panel = view! {
            <Panel title="End it">
                <Removal posted=posted name=name action=action said=said why=why/>
            </Panel>
        };
        Some(panel.into_any())
    }
}

pub(crate) fn routes<O: Object>() -> Router<Site> {
    let of = |rest: &str| format!("{}{rest}", O::LIST);
    Router::new()
        .route(O::LIST, get(list::<O>))
        .route(&of("/new"), get(fresh::<O>).post(create::<O>))
        .route(&of("/{object}"), get(show::<O>).post(change::<O>))
        .route(&of("/{object}/delete"), post(delete::<O>))
}

fn address<O: Object>(object: &O) -> String {
    format!("{}/{}", O::LIST, object.id())
}

fn done<O: Object>(word: &str) -> Option<&'static str> {
    match word {
        "made" => Some(O::MADE),
        "changed" => Some(O::CHANGED),
        "deleted" => Some(O::DELETED),
        _ => None,
    }
}

async fn list<O: Object>(Overseer(visitor): Overseer, Query(asked): Query<Asked>) -> Response {
    let all = match load(O::all(&visitor)).await {
        Ok(all) => all,
        Err(failure) => return failure.show(&visitor),
    };
    let part = Part::of(all, &asked.cursor, O::name);
    let may_change = O::Keeper::is(&visitor);
    render::page_of(&visitor, StatusCode::OK, || {
        O::list(part, may_change, done::<O>(&asked.done))
    })
}

async fn fresh<O: Object>(State(site): State<Site>, keeper: O::Keeper) -> Response {
    let visitor = keeper.as_ref();
    page::<O>(&site, visitor, StatusCode::OK, None, Posted::default(), "").await
}

async fn show<O: Object>(
    State(site): State<Site>,
    Overseer(visitor): Overseer,
    Path(object): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match load(O::find(&visitor, object)).await {
        Ok(object) => {
            let posted = object.form();
            let status = StatusCode::OK;
            page(&site, &visitor, status, Some(object), posted, &asked.done).await
        }
        Err(failure) => failure.show(&visitor),
    }
}

async fn create<O: Object>(
    State(site): State<Site>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, O::Keeper>,
) -> Response {
    saved::<O>(&site, visitor.as_ref(), None, form, "made").await
}

async fn change<O: Object>(
    State(site): State<Site>,
    Path(object): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, O::Keeper>,
) -> Response {
    let visitor = visitor.as_ref();
    match load(O::find(visitor, object)).await {
        Ok(object) => saved(&site, visitor, Some(object), form, "changed").await,
        Err(failure) => failure.show(visitor),
    }
}

async fn saved<O: Object>(
    site: &Site,
    visitor: &Visitor,
    before: Option<O>,
    form: Vec<(String, String)>,
    done: &str,
) -> Response {
    let mut posted = Posted::new(form);
    match O::save(visitor, before.as_ref(), &mut posted).await {
        Ok(Some(object)) => {
            Redirect::to(&format!("{}?done={done}", address(&object))).into_response()
        }
        Ok(None) => {
            let refused = StatusCode::UNPROCESSABLE_ENTITY;
            page(site, visitor, refused, before, posted, "").await
        }
        Err(failure) => failure.show(visitor),
    }
}

async fn delete<O: Object>(
    State(site): State<Site>,
    Path(object): Path<String>,
    Checked { visitor, form }: Checked<Vec<(String, String)>, O::Keeper>,
) -> Response {
    let visitor = visitor.as_ref();
    let object = match load(O::find(visitor, object)).await {
        Ok(object) => object,
        Err(failure) => return failure.show(visitor),
    };
    let mut typed = Posted::new(form);
    let mut why = "confirm";
    if confirmed(&mut typed, object.name()) {
        let deleting = async { object.delete(visitor).await.map(tonic::Response::new) };
        match save(&mut typed, deleting).await {
            Ok(Some(())) => {
                return Redirect::to(&format!("{}?done=deleted", O::LIST)).into_response();
            }
            Ok(None) => why = "",
            Err(failure) => return failure.show(visitor),
        }
    }
    let mut posted = object.form();
    posted.refuse("confirm", typed.problem(why).unwrap_or_default());
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    page(&site, visitor, refused, Some(object), posted, "").await
}

async fn page<O: Object>(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    object: Option<O>,
    posted: Posted,
    word: &str,
) -> Response {
    let beside = match load(O::beside(site, visitor)).await {
        Ok(beside) => beside,
        Err(failure) => return failure.show(visitor),
    };
    let page = One {
        object,
        posted,
        beside,
        may_change: O::Keeper::is(visitor),
        done: done::<O>(word),
    };
    render::page_of(visitor, status, || O::one(page))
}
