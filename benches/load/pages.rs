//! How soon pages of the dashboard begin to come where there is much of everything.

use crate::{
    Failure,
    filled::{self, Filled},
    gateway::Gateway,
    keys::us,
    latency::Measured,
    options::Options,
    processes::Usage,
};
use ostia_domain::clock;
use ostia_proto::v1;
use reqwest::{Client, redirect::Policy};
use sea_orm::{ConnectionTrait as _, Database};
use std::time::Duration;

const READERS: usize = 8;
/// Of one page, by each reader.
const READS: usize = 40;
/// What a page may weigh, compressed.
const WEIGHT: usize = 60_000;
const PROMISED: Duration = Duration::from_millis(50);

/// A page, and whether the one after it is read as well.
type Page = (String, bool);

pub(crate) async fn measure(
    options: &Options,
    gateway: &Gateway,
    only: &str,
) -> Result<(), Failure> {
    let filled = filled::fill(gateway).await?;
    if let Some(url) = &options.database_url
        && url.starts_with("postgres")
    {
        settle(url).await?;
    }
    let mut missed = 0;
    for (who, pages) in [
        ("bench-admin", administrators(gateway, &filled).await?),
        (&filled.member, members(&filled)),
    ] {
        let reader = Reader::sign_in(gateway, who).await?;
        println!("As {who}, {READERS} readers at once:");
        println!();
        println!("| page | first ms | p50 ms | p95 ms | max ms | bytes | compressed |");
        println!("|---|--:|--:|--:|--:|--:|--:|");
        for (page, with_next) in pages {
            if !page.contains(only) {
                continue;
            }
            let next = reader.read(&page, &mut missed).await?;
            match next {
                Some(next) if with_next => drop(reader.read(&next, &mut missed).await?),
                None if with_next => return Err(format!("{page} has no next page").into()),
                _ => {}
            }
        }
        println!();
    }
    println!("{missed} pages beyond {PROMISED:?} at p95, or beyond {WEIGHT} bytes");
    Ok(())
}

/// What a database does of its own within minutes, which a month of calls in one minute does not wait for: until
/// PostgreSQL has looked at a table it takes it for an empty one, and reads all of it.
async fn settle(database_url: &str) -> Result<(), Failure> {
    let database = Database::connect(database_url).await?;
    database.execute_unprepared("ANALYZE").await?;
    Ok(database.close().await?)
}

/// Every page that somebody has who sees everything, and the ways to narrow it.
async fn administrators(gateway: &Gateway, filled: &Filled) -> Result<Vec<Page>, Failure> {
    let request = v1::CreateUserRequest {
        name: "bench-admin".to_owned(),
        role: v1::Role::Administrator.into(),
        ..v1::CreateUserRequest::default()
    };
    gateway.control.identity().create_user(request).await?;
    let event = event(gateway).await?;
    let Filled {
        member,
        busy_key,
        quiet_key,
    } = filled;
    let lists = [
        "/audit".to_owned(),
        "/audit?outcome=denied".to_owned(),
        "/audit?action=tools/call".to_owned(),
        format!("/audit?user={member}"),
        format!("/audit?key={busy_key}"),
        "/audit?upstream=upstream-3".to_owned(),
        "/all-keys".to_owned(),
        "/users".to_owned(),
    ];
    let pages = [
        "/".to_owned(),
        "/usage?whose=everybody".to_owned(),
        "/overview?span=1h".to_owned(),
        "/overview?span=24h".to_owned(),
        "/overview?span=30d".to_owned(),
        format!("/audit?key={quiet_key}"),
        "/audit?tool=upstream-3.tool-7".to_owned(),
        "/audit?outcome=timeout".to_owned(),
        "/audit?outcome=cancelled".to_owned(),
        "/audit?action=policies.*".to_owned(),
        format!("/audit?user={member}&outcome=timeout"),
        format!("/audit/{event}"),
        "/audit/chains".to_owned(),
        "/all-keys?concern=unused".to_owned(),
        "/all-keys?concern=old".to_owned(),
        "/all-keys?concern=broad".to_owned(),
        "/all-keys?concern=endless".to_owned(),
        format!("/all-keys?owner={member}"),
        format!("/keys/{busy_key}"),
        format!("/keys/{quiet_key}"),
        "/upstreams".to_owned(),
        "/upstreams/upstream-3".to_owned(),
        "/upstreams/new".to_owned(),
        "/upstreams/import".to_owned(),
        "/policies".to_owned(),
        "/policies/new".to_owned(),
        "/policies/bench".to_owned(),
        "/policies/bench/affected".to_owned(),
        "/policies/test".to_owned(),
        "/bundles".to_owned(),
        "/bundles/new".to_owned(),
        "/groups".to_owned(),
        "/groups/new".to_owned(),
        "/plans".to_owned(),
        "/users?q=member-1".to_owned(),
        format!("/users/{member}"),
        "/service-accounts".to_owned(),
        "/settings".to_owned(),
        "/tools".to_owned(),
        "/no-such-page".to_owned(),
    ];
    let lists = lists.into_iter().map(|list| (list, true));
    Ok(lists
        .chain(pages.into_iter().map(|page| (page, false)))
        .collect())
}

fn members(filled: &Filled) -> Vec<Page> {
    let Filled {
        busy_key,
        quiet_key,
        ..
    } = filled;
    let lists = ["/keys", "/usage", "/usage?days=90", "/tools"];
    let pages = [
        "/".to_owned(),
        "/keys/new".to_owned(),
        format!("/keys/{busy_key}"),
        format!("/keys/{quiet_key}"),
        format!("/keys/{busy_key}/edit"),
        "/usage?days=1".to_owned(),
        format!("/usage?key={busy_key}"),
        format!("/usage?days=90&key={quiet_key}"),
        "/usage?outcome=timeout".to_owned(),
        "/usage?tool=upstream-3.tool-7".to_owned(),
        "/usage?upstream=upstream-3".to_owned(),
        "/tools?q=tool-7".to_owned(),
        "/tools?q=nothing+like+it".to_owned(),
        "/tools?upstream=upstream-3".to_owned(),
        "/try".to_owned(),
        "/try?tool=upstream-3.tool-7".to_owned(),
    ];
    let lists = lists.into_iter().map(|list| (list.to_owned(), true));
    lists
        .chain(pages.into_iter().map(|page| (page, false)))
        .collect()
}

/// Of a call.
async fn event(gateway: &Gateway) -> Result<String, Failure> {
    let request = v1::ListEventsRequest {
        action: Some("tools/call".to_owned()),
        page_size: 1,
        ..v1::ListEventsRequest::default()
    };
    let listed = gateway.control.audit().list_events(request).await?;
    let event = listed.into_inner().events.into_iter().next();
    Ok(event.ok_or("no event")?.id)
}

/// Somebody's browser.
struct Reader {
    client: Client,
    web: String,
    cookie: String,
}

impl Reader {
    async fn sign_in(gateway: &Gateway, user: &str) -> Result<Self, Failure> {
        let request = v1::CreateLoginLinkRequest {
            user: user.to_owned(),
            valid_seconds: 0,
        };
        let link = gateway
            .control
            .identity()
            .create_login_link(request)
            .await?;
        // It wants one and comes without; an error means that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        let web = gateway.web_url.clone();
        let address = format!("{web}/login/{}", link.into_inner().token);
        let answer = client.post(address).send().await?;
        let cookie = answer.headers().get("set-cookie").ok_or("no cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        Ok(Self {
            client,
            web,
            cookie: cookie.to_owned(),
        })
    }

    /// Prints a row. Gives the address of the next page, if there is one.
    async fn read(&self, page: &str, missed: &mut usize) -> Result<Option<String>, Failure> {
        let (first, plain) = self.get(page, None).await?;
        let (_, compressed) = self.get(page, Some("gzip")).await?;
        let readers = (0..READERS).map(async |_| {
            let mut took = Vec::with_capacity(READS);
            for _ in 0..READS {
                took.push(self.get(page, Some("gzip")).await?.0);
            }
            Ok::<_, Failure>(took)
        });
        let took = futures_util::future::try_join_all(readers).await?.concat();
        let measured = Measured::new(took, Duration::ZERO, Usage::default());
        let ms = |rank| us(measured.per_mille(rank)) / 1e3;
        println!(
            "| `{page}` | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} |",
            us(first) / 1e3,
            ms(500),
            ms(950),
            ms(1000),
            plain.len(),
            compressed.len(),
        );
        *missed += usize::from(measured.per_mille(950) > PROMISED || compressed.len() > WEIGHT);
        Ok(next(&String::from_utf8(plain)?))
    }

    /// Until the first byte, and all of it.
    async fn get(&self, page: &str, accept: Option<&str>) -> Result<(Duration, Vec<u8>), Failure> {
        let mut request = self.client.get(format!("{}{page}", self.web));
        request = request.header("cookie", &self.cookie);
        if let Some(encoding) = accept {
            request = request.header("accept-encoding", encoding);
        }
        let sent = clock::instant();
        let answer = request.send().await?;
        let first = sent.elapsed();
        let status = answer.status();
        let body = answer.bytes().await?.to_vec();
        if status != 200 && page != "/no-such-page" {
            let said = String::from_utf8_lossy(&body);
            return Err(format!("{page} is answered with {status}: {said}").into());
        }
        Ok((first, body))
    }
}

fn next(html: &str) -> Option<String> {
    let (before, _) = html.split_once(r#"rel="next""#)?;
    let (_, link) = before.rsplit_once("href=\"")?;
    let (href, _) = link.split_once('"')?;
    Some(href.replace("&amp;", "&"))
}
