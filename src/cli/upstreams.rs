//! `ostia upstreams`: MCP servers behind Ostia.

mod add;
mod credential;
mod environment;
mod pools;
mod probe;
mod reached;
mod update;
mod view;

use super::{confirm::Confirmation, import};
use crate::{demo, failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
pub(crate) use view::Tool;
use view::Upstream;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add one: a command for workers that speak stdio, or a URL where it runs already
    Add(Box<add::Args>),
    /// Add the built-in demo, which is all that test keys reach
    AddDemo {
        /// 1 to 32 of a-z, 0-9 and '-'
        #[arg(default_value = "demo")]
        name: String,
    },
    /// Change what is named; secrets stay as they are unless they are named, too
    Update(Box<update::Args>),
    /// List all upstreams
    List,
    /// Show one upstream
    Show(Named),
    /// List what runs now: workers, calls in them and calls that wait, on each edge
    Pools {
        /// Of this one alone, by name or id
        upstream: Option<String>,
    },
    /// List the tools it was found to offer
    Tools(Named),
    /// Have it listed anew, now, and show what was found; exit code 1 if that went wrong
    Discover(Named),
    /// Try one as `add` takes it, on an edge and without adding it, and show what it offers or how far it came
    Probe(Box<add::Args>),
    /// Serve it again
    Enable(Named),
    /// Keep it and serve nothing of it
    Disable(Named),
    /// Show what its workers wrote to stderr last
    Output(Named),
    /// Remove it and stop its workers
    Remove {
        #[command(flatten)]
        upstream: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Add those of a file as Claude Desktop, Cursor or VS Code write it
    Import(import::Args),
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its name or id
    upstream: String,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.upstreams();
    match command {
        Command::Add(args) => show_added(add(control, (*args).definition()?).await?, output),
        Command::AddDemo { name } => {
            show_added(add(control, demo::definition(name)).await?, output)
        }
        Command::Update(args) => {
            let upstream = Upstream::from(update::run(*args, control).await?);
            output.result(&upstream, Upstream::text)
        }
        Command::List => {
            let answer = client.list_upstreams(v1::ListUpstreamsRequest {}).await?;
            let upstreams = answer.into_inner().upstreams;
            let mut upstreams: Vec<Upstream> = upstreams.into_iter().map(Upstream::from).collect();
            let mut pools = pools::list(control, None).await?;
            for upstream in &mut upstreams {
                let of = |pool: &mut pools::Pool| pool.upstream == upstream.name;
                upstream.pools = Some(pools.extract_if(.., of).collect());
            }
            output.result(&upstreams, |upstreams| view::table(upstreams))
        }
        Command::Show(Named { upstream }) => {
            let answer = client
                .get_upstream(v1::GetUpstreamRequest { upstream })
                .await?;
            let mut upstream = Upstream::from(answer.into_inner());
            upstream.pools = Some(pools::list(control, Some(upstream.id.clone())).await?);
            output.result(&upstream, Upstream::text)
        }
        Command::Pools { upstream } => {
            let pools = pools::list(control, upstream).await?;
            output.result(&pools, |pools| pools::table(pools))
        }
        Command::Tools(Named { upstream }) => {
            let answer = client.list_tools(v1::ListToolsRequest { upstream }).await?;
            let tools: Vec<Tool> = answer
                .into_inner()
                .tools
                .into_iter()
                .map(Tool::from)
                .collect();
            output.result(&tools, |tools| view::tools(tools))
        }
        Command::Discover(Named { upstream }) => {
            let request = v1::DiscoverUpstreamRequest {
                upstream,
                wait: None,
            };
            let found = client.discover_upstream(request).await?.into_inner();
            let problem = found.problem.clone();
            output.result(&Upstream::from(found), Upstream::text)?;
            problem.map_or(Ok(()), |problem| Err(Failure::new(problem)))
        }
        Command::Probe(args) => {
            let request = v1::ProbeUpstreamRequest {
                definition: Some((*args).definition()?),
                upstream: None,
            };
            let answer = client.probe_upstream(request).await?;
            let probed = probe::Probed::from(answer.into_inner());
            output.result(&probed, probe::Probed::text)?;
            if probed.works() {
                Ok(())
            } else {
                Err(Failure::new("the upstream does not work"))
            }
        }
        Command::Enable(Named { upstream }) => {
            let request = v1::EnableUpstreamRequest { upstream };
            let answer = client.enable_upstream(request).await?;
            output.result(&Upstream::from(answer.into_inner()), Upstream::text)
        }
        Command::Disable(Named { upstream }) => {
            let request = v1::DisableUpstreamRequest { upstream };
            let answer = client.disable_upstream(request).await?;
            output.result(&Upstream::from(answer.into_inner()), Upstream::text)
        }
        Command::Output(Named { upstream }) => {
            let request = v1::ListWorkerOutputRequest { upstream };
            let answer = client.list_worker_output(request).await?;
            let lines = probe::lines(answer.into_inner().edges);
            output.result(&lines, |lines| probe::table(lines))
        }
        Command::Remove {
            upstream,
            confirmation,
        } => {
            let request = v1::GetUpstreamRequest {
                upstream: upstream.upstream,
            };
            let upstream = client.get_upstream(request).await?.into_inner();
            let upstream = upstream.definition.unwrap_or_default().name;
            confirmation.demand(&format!("Remove the upstream {upstream:?}?"))?;
            let request = v1::RemoveUpstreamRequest {
                upstream: upstream.clone(),
            };
            client.remove_upstream(request).await?;
            let removed = serde_json::json!({ "removed": upstream });
            output.result(&removed, |_| format!("removed {upstream}"))
        }
        Command::Import(args) => import::run(args, control, output).await,
    }
}

fn show_added(upstream: v1::Upstream, output: Output) -> Result<(), Failure> {
    output.result(&Upstream::from(upstream), |upstream| {
        format!(
            "{}\n\nIts tools are known once an edge has reached it: ostia upstreams tools {}",
            upstream.text(),
            upstream.name
        )
    })
}

/// Adds one definition.
pub(crate) async fn add(
    control: &ControlClient,
    definition: v1::UpstreamDefinition,
) -> Result<v1::Upstream, Failure> {
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    Ok(control
        .upstreams()
        .add_upstream(request)
        .await?
        .into_inner())
}
