//! `ostia bundles`: named selections of tools, served at `/mcp/@<bundle>`.

mod selection;
mod view;

use super::confirm::Confirmation;
use crate::{failure::Failure, output::Output};
use clap::Subcommand;
use ostia_proto::{ControlClient, v1};
use selection::{List, SelectionArgs};
use view::Bundle;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all bundles
    List,
    /// Show one bundle
    Show(Named),
    /// Make a bundle; it shows what its callers may use anyway, and grants nothing
    Create {
        /// 1 to 32 of a-z, 0-9 and '-'
        name: String,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Replace the lists that are named; the others stay
    Update {
        #[command(flatten)]
        bundle: Named,
        #[command(flatten)]
        selection: SelectionArgs,
        /// Empty this list; repeatable
        #[arg(long, value_delimiter = ',', value_name = "LIST")]
        clear: Vec<List>,
    },
    /// Remove a bundle; what it showed stays where it is
    Delete {
        #[command(flatten)]
        bundle: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct Named {
    /// Its name or id
    bundle: String,
}

pub(crate) async fn run(
    command: Command,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let mut client = control.bundles();
    match command {
        Command::List => {
            let answer = client.list_bundles(v1::ListBundlesRequest {}).await?;
            let bundles = answer.into_inner().bundles;
            let bundles: Vec<Bundle> = bundles.into_iter().map(Bundle::from).collect();
            output.result(&bundles, |bundles| view::table(bundles))
        }
        Command::Show(bundle) => show(get(control, bundle.bundle).await?, output),
        Command::Create { name, selection } => {
            let request = v1::CreateBundleRequest {
                name,
                selection: Some(selection.into_new()?),
            };
            show(client.create_bundle(request).await?.into_inner(), output)
        }
        Command::Update {
            bundle,
            selection,
            clear,
        } => {
            let bundle = get(control, bundle.bundle).await?;
            let selection = selection.applied_to(bundle.selection.unwrap_or_default(), &clear)?;
            let request = v1::UpdateBundleRequest {
                bundle: bundle.id,
                selection: Some(selection),
            };
            show(client.update_bundle(request).await?.into_inner(), output)
        }
        Command::Delete {
            bundle,
            confirmation,
        } => {
            let bundle = get(control, bundle.bundle).await?;
            confirmation.demand(&format!("Delete the bundle {:?}?", bundle.name))?;
            let request = v1::DeleteBundleRequest {
                bundle: bundle.id.clone(),
            };
            client.delete_bundle(request).await?;
            let deleted = serde_json::json!({ "deleted": bundle.id });
            output.result(&deleted, |_| format!("deleted {}", bundle.name))
        }
    }
}

fn show(bundle: v1::Bundle, output: Output) -> Result<(), Failure> {
    output.result(&Bundle::from(bundle), Bundle::text)
}

async fn get(control: &ControlClient, bundle: String) -> Result<v1::Bundle, Failure> {
    let request = v1::GetBundleRequest { bundle };
    Ok(control.bundles().get_bundle(request).await?.into_inner())
}
