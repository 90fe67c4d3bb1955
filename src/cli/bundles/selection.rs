//! What a bundle shows, as an operator gives it.

use crate::{config, failure::Failure};
use ostia_domain::bundle::Override;
use ostia_proto::v1;
use std::path::{Path, PathBuf};

/// In patterns `*` is any run of characters and `?` is one.
#[derive(clap::Args, Default)]
pub(crate) struct SelectionArgs {
    /// Tools and prompts to show, as `github.get_*`, and resources by `<upstream>.<URI>`; repeatable
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    include: Vec<String>,
    /// Show this tool under another name, as `github.search_issues=search`; repeatable
    #[arg(
        long = "override",
        value_parser = renamed,
        value_delimiter = ',',
        value_name = "TOOL=NAME"
    )]
    overrides: Vec<v1::ToolOverride>,
    /// More of them, with descriptions: a JSON list of {"tool": …, "name": …, "description": …}
    #[arg(long, value_name = "FILE")]
    overrides_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum List {
    Include,
    Overrides,
}

impl SelectionArgs {
    /// The selection of a new bundle.
    pub(crate) fn into_new(self) -> Result<v1::Selection, Failure> {
        if self.include.is_empty() {
            return Err(
                Failure::usage("a bundle without --include would show nothing")
                    .hint("name tools with --include 'UPSTREAM.*'"),
            );
        }
        self.applied_to(v1::Selection::default(), &[])
    }

    /// The selection there is, with the lists replaced that were given or cleared.
    pub(crate) fn applied_to(
        self,
        selection: v1::Selection,
        clear: &[List],
    ) -> Result<v1::Selection, Failure> {
        let overrides_given = !self.overrides.is_empty() || self.overrides_file.is_some();
        let mut overrides = match &self.overrides_file {
            Some(path) => read_file(path)?,
            None => Vec::new(),
        };
        overrides.extend(self.overrides);
        Ok(v1::Selection {
            include: if clear.contains(&List::Include) || !self.include.is_empty() {
                self.include
            } else {
                selection.include
            },
            overrides: if clear.contains(&List::Overrides) || overrides_given {
                overrides
            } else {
                selection.overrides
            },
        })
    }
}

fn renamed(text: &str) -> Result<v1::ToolOverride, &'static str> {
    let (tool, name) = text
        .rsplit_once('=')
        .filter(|(tool, name)| !tool.is_empty() && !name.is_empty())
        .ok_or("this is not TOOL=NAME")?;
    Ok(v1::ToolOverride {
        tool: tool.to_owned(),
        name: Some(name.to_owned()),
        description: None,
    })
}

fn read_file(path: &Path) -> Result<Vec<v1::ToolOverride>, Failure> {
    let text = config::read_named("--overrides-file", path)?;
    let overrides: Vec<Override> = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{}: {error}", path.display()))
            .hint(r#"write a list such as [{"tool": "github.search_issues", "description": "…"}]"#)
    })?;
    Ok(overrides.into_iter().map(Into::into).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_a_tool_and_a_name() {
        let shown = renamed("github.search=find").unwrap();
        assert_eq!(
            (shown.tool.as_str(), shown.name.as_deref()),
            ("github.search", Some("find"))
        );
        for bad in ["github.search", "=find", "github.search="] {
            assert!(renamed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_update_leaves_what_it_does_not_name() {
        let old = v1::Selection {
            include: vec!["a.*".into()],
            overrides: vec![renamed("a.x=y").unwrap()],
        };
        let include = || SelectionArgs {
            include: vec!["b.*".into()],
            ..SelectionArgs::default()
        };
        let new = include().applied_to(old.clone(), &[]).unwrap();
        assert_eq!((new.include, new.overrides.len()), (vec!["b.*".into()], 1));
        let new = include().applied_to(old, &[List::Overrides]).unwrap();
        assert!(new.overrides.is_empty());
    }
}
