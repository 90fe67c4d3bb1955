//! The tools that the servers of presets had in 2026, against their presets.

use super::Preset;
use crate::{
    key::Mode,
    name::{UpstreamName, canonical},
    policy::{Arguments, Decision, Grant, Policy, Scope, Subject, evaluate},
    tool::Tier,
};
use std::collections::HashMap;
use uuid::Uuid;

struct Server {
    upstream: &'static str,
    preset: &'static str,
    reads: &'static str,
    writes: &'static str,
}

const SERVERS: &[Server] = &[
    // github/github-mcp-server, as it annotates them.
    Server {
        upstream: "github",
        preset: "github-read-only",
        reads: "actions_get actions_list find_duplicate get_code_quality_finding get_code_scanning_alert
        get_commit get_dependabot_alert get_discussion get_discussion_comments get_file_blame
        get_file_contents get_gist get_global_security_advisory get_job_logs get_label
        get_latest_release get_me get_notification_details get_release_by_tag get_repository_tree
        get_secret_scanning_alert get_tag get_team_members get_teams issue_dependency_read issue_read
        list_branches list_code_scanning_alerts list_commits list_dependabot_alerts
        list_discussion_categories list_discussions list_gists list_global_security_advisories
        list_issue_fields list_issue_types list_issues list_label list_notifications
        list_org_repository_security_advisories list_pull_requests list_releases
        list_repository_collaborators list_repository_security_advisories list_secret_scanning_alerts
        list_starred_repositories list_tags projects_get projects_list pull_request_read search_code
        search_commits search_issues search_orgs search_pull_requests search_repositories search_users",
        writes: "actions_run_trigger add_comment_to_pending_review add_issue_comment add_issue_comment_reaction
        add_issue_reaction add_pull_request_review_comment add_pull_request_review_comment_reaction
        add_reply_to_pull_request_comment add_sub_issue assign_copilot_to_issue
        assign_copilot_to_issue_with_intent create_branch create_gist create_issue create_or_update_file
        create_pull_request create_pull_request_review create_repository delete_file
        delete_pending_pull_request_review delete_repository discussion_comment_write
        dismiss_notification fork_repository issue_dependency_write issue_write label_write
        manage_notification_subscription manage_repository_notification_subscription
        mark_all_notifications_read merge_pull_request projects_write pull_request_review_write
        push_files remove_sub_issue reprioritize_sub_issue request_copilot_review
        request_pull_request_reviewers resolve_review_thread set_issue_fields star_repository
        sub_issue_write submit_pending_pull_request_review unresolve_review_thread unstar_repository
        update_gist update_issue_assignees update_issue_body update_issue_labels update_issue_milestone
        update_issue_state update_issue_title update_issue_type update_pull_request
        update_pull_request_body update_pull_request_branch update_pull_request_draft_state
        update_pull_request_state update_pull_request_title",
    },
    // The filesystem server of modelcontextprotocol/servers, as its table has them.
    Server {
        upstream: "filesystem",
        preset: "filesystem-read-only",
        reads: "directory_tree get_file_info list_allowed_directories list_directory list_directory_with_sizes
        read_file read_media_file read_multiple_files read_text_file search_files",
        writes: "create_directory edit_file move_file write_file",
    },
    // What mcp.linear.app has, by several lists of clients: it is not public.
    Server {
        upstream: "linear",
        preset: "linear-read-only",
        reads: "extract_images get_attachment get_document get_issue get_issue_status get_milestone get_project
        get_status_updates get_team get_user list_comments list_cycles list_documents list_issue_labels
        list_issue_statuses list_issues list_milestones list_project_labels list_projects list_teams
        list_users search_documentation",
        writes: "create_attachment create_comment create_document create_issue create_issue_label
        create_milestone delete_attachment delete_comment save_comment save_issue save_milestone
        save_project update_document update_issue update_milestone",
    },
    // The Rovo server and sooperset/mcp-atlassian, as their documentation groups them.
    Server {
        upstream: "atlassian",
        preset: "atlassian-read-only",
        reads: "atlassianUserInfo fetch getAccessibleAtlassianResources getConfluencePage
        getConfluencePageDescendants getConfluencePageFooterComments getConfluencePageInlineComments
        getConfluenceSpaces getIssueLinkTypes getJiraIssue getJiraIssueRemoteIssueLinks
        getJiraIssueTypeMetaWithFields getJiraProjectIssueTypesMetadata getPagesInConfluenceSpace
        getTransitionsForJiraIssue getVisibleJiraProjects lookupJiraAccountId search
        searchConfluenceUsingCql searchJiraIssuesUsingJql confluence_get_comments confluence_get_page
        confluence_get_page_history confluence_list_page_templates confluence_search
        confluence_search_user jira_batch_get_changelogs jira_get_agile_boards jira_get_issue
        jira_get_transitions jira_get_worklog jira_search jira_search_fields jira_search_projects",
        writes: "addCommentToJiraIssue addWorklogToJiraIssue createConfluenceFooterComment
        createConfluenceInlineComment createConfluencePage createIssueLink createJiraIssue editJiraIssue
        execute jiraWrite transitionJiraIssue updateConfluencePage confluence_add_comment
        confluence_add_label confluence_copy_page confluence_create_page
        confluence_create_page_from_template confluence_delete_attachment confluence_delete_page
        confluence_move_page confluence_reply_to_comment confluence_set_page_restrictions
        confluence_update_page confluence_upload_attachment jira_add_comment jira_add_issues_to_sprint
        jira_add_watcher jira_add_worklog jira_assign_issue jira_batch_create_issues
        jira_batch_create_versions jira_create_issue jira_create_issue_link jira_delete_issue
        jira_edit_comment jira_link_to_epic jira_move_issue jira_remove_issue_link jira_remove_watcher
        jira_transition_issue jira_update_issue jira_update_proforma_form_answers jira_update_sprint",
    },
    // The default tools of the remote server and those of the local one. Nothing says that `memory` only reads.
    Server {
        upstream: "glean",
        preset: "glean-read-only",
        reads: "chat code_search company_search employee_search gmail_search knowledge_graph_query
        knowledge_graph_schema meeting_lookup memory_schema people_profile_search read_document
        read_documents search user_activity",
        writes: "memory",
    },
];

/// Of a server that annotates nothing: every tool may destroy something.
fn allows(preset: &Preset, upstream: &str, tool: &str) -> bool {
    let upstream = UpstreamName::new(upstream).unwrap();
    let id = Uuid::nil();
    let policy = Policy {
        id,
        name: preset.name.to_owned(),
        rules: preset.rules(),
        preset: None,
    };
    let grant = Grant {
        owner: Scope::Unlimited,
        key: Scope::Policies(vec![id]),
        rules: None,
    };
    let subject = Subject {
        upstream: &upstream,
        demo: false,
        canonical: &canonical(&upstream, tool),
        tier: Tier::Destructive,
    };
    let policies = HashMap::from([(id, policy)]);
    let decision = evaluate(&policies, Mode::Live, &grant, subject, Arguments::Unknown);
    matches!(decision, Decision::Allow(_))
}

#[test]
fn every_tool_that_reads_is_allowed_and_none_that_writes() {
    for server in SERVERS {
        let preset = Preset::find(server.preset).unwrap();
        for tool in server.reads.split_whitespace() {
            assert!(
                allows(preset, server.upstream, tool),
                "{tool} of {}",
                server.upstream
            );
        }
        for tool in server.writes.split_whitespace() {
            assert!(
                !allows(preset, server.upstream, tool),
                "{tool} of {}",
                server.upstream
            );
        }
    }
}

/// What a tool is called in front of what it reads says nothing of what it does.
#[test]
fn no_pattern_for_a_server_begins_with_a_star() {
    for server in SERVERS {
        let rules = Preset::find(server.preset).unwrap().rules();
        for glob in &rules.allow {
            let (_, tool) = glob.as_str().split_once("*.").unwrap();
            assert!(!tool.starts_with('*'), "{glob}");
        }
    }
}

#[test]
fn every_preset_for_a_server_has_its_tools_here() {
    let named = Preset::ALL
        .iter()
        .filter(|preset| !preset.rules().upstreams[0].matches("any"));
    let mut named: Vec<_> = named.map(|preset| preset.name).collect();
    let mut known: Vec<_> = SERVERS.iter().map(|server| server.preset).collect();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
}
