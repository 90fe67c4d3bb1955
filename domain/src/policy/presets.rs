//! Ready-made rules, copied into a new policy.
//!
//! Those for a server are about upstreams whose name starts with the server's: `github`, `github-work`.
//! Their patterns name tools that only read, because some of these servers annotate none. A pattern that ends with `*`
//! begins with a verb that no writing tool of its server begins with; one that begins with `*` would say nothing of what
//! a tool does.

use super::Rules;
use crate::{glob::Glob, tool::Tier};

#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub name: &'static str,
    pub summary: &'static str,
    tools: Tools,
}

#[derive(Clone, Copy, Debug)]
enum Tools {
    /// Of every upstream, up to a tier.
    Any(Tier),
    /// Of upstreams with this beginning.
    Named(&'static str, &'static [&'static str]),
}

impl Preset {
    pub const ALL: &[Self] = &[
        Self {
            name: "read-only",
            summary: "every upstream, but only tools annotated as read-only",
            tools: Tools::Any(Tier::Read),
        },
        Self {
            name: "no-destructive",
            summary: "every upstream, but no tool that may destroy something, as annotated",
            tools: Tools::Any(Tier::Write),
        },
        Self {
            name: "everything",
            summary: "every tool of every upstream, also those added later",
            tools: Tools::Any(Tier::Destructive),
        },
        Self {
            name: "atlassian-read-only",
            summary: "Jira and Confluence: reading and searching, on upstreams named atlassian*",
            tools: Tools::Named(
                "atlassian",
                &[
                    "get*",
                    "search*",
                    "lookup*",
                    "fetch",
                    "fetchAtlassian",
                    "atlassianUserInfo",
                    "jira_get_*",
                    "jira_search*",
                    "jira_batch_get_*",
                    "confluence_get_*",
                    "confluence_search*",
                    "confluence_list_*",
                ],
            ),
        },
        Self {
            name: "filesystem-read-only",
            summary: "files: reading, listing and searching, on upstreams named filesystem*",
            tools: Tools::Named(
                "filesystem",
                &[
                    "read_*",
                    "list_*",
                    "directory_tree",
                    "search_files",
                    "get_file_info",
                ],
            ),
        },
        Self {
            name: "github-read-only",
            summary: "GitHub: reading, listing and searching, on upstreams named github*",
            tools: Tools::Named(
                "github",
                &[
                    "get_*",
                    "list_*",
                    "search_*",
                    "actions_get",
                    "actions_list",
                    "find_duplicate",
                    "issue_dependency_read",
                    "issue_read",
                    "projects_get",
                    "projects_list",
                    "pull_request_read",
                ],
            ),
        },
        Self {
            name: "glean-read-only",
            summary: "Glean: searching and reading, on upstreams named glean*",
            tools: Tools::Named(
                "glean",
                &[
                    "chat",
                    "code_search",
                    "company_search",
                    "employee_search",
                    "gmail_search",
                    "knowledge_graph_query",
                    "knowledge_graph_schema",
                    "meeting_lookup",
                    "memory_schema",
                    "outlook_search",
                    "people_profile_search",
                    "read_document",
                    "read_documents",
                    "search",
                    "user_activity",
                ],
            ),
        },
        Self {
            name: "linear-read-only",
            summary: "Linear: reading, listing and searching, on upstreams named linear*",
            tools: Tools::Named("linear", &["get_*", "list_*", "search_*", "extract_images"]),
        },
    ];

    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    pub fn rules(&self) -> Rules {
        match self.tools {
            Tools::Any(max_tier) => Rules {
                max_tier,
                ..Rules::everything()
            },
            Tools::Named(upstream, tools) => Rules {
                upstreams: globs([format!("{upstream}*")]),
                allow: globs(tools.iter().map(|tool| format!("{upstream}*.{tool}"))),
                ..Rules::everything()
            },
        }
    }
}

fn globs(texts: impl IntoIterator<Item = String>) -> Vec<Glob> {
    texts
        .into_iter()
        .filter_map(|text| Glob::new(text).ok())
        .collect()
}

#[cfg(test)]
mod tools;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for preset in Preset::ALL {
            if let Tools::Named(_, tools) = preset.tools {
                assert_eq!(preset.rules().allow.len(), tools.len(), "{}", preset.name);
            }
        }
    }

    #[test]
    fn a_servers_preset_is_about_its_upstreams() {
        let allows = |tool: &str| {
            let rules = Preset::find("github-read-only").unwrap().rules();
            rules.allow.iter().any(|glob| glob.matches(tool))
        };
        assert!(allows("github.get_me") && allows("github-work.issue_read"));
        assert!(!allows("github.create_issue") && !allows("linear.get_issue"));
    }
}
