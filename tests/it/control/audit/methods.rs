//! Which methods change nothing, and what audit tells of the others.

/// Methods that change nothing, by the verb they begin with.
pub(super) const READS: [&str; 9] = [
    "Check",
    "Export",
    "Get",
    "List",
    "Inspect",
    "Summarize",
    "Test",
    "Verify",
    "Watch",
];
/// `Authenticate` answers a question and notes the time of a use; `Record` writes audit events itself;
/// quotas are lent to edges and brought back, and browser sessions kept up, which is nobody's decision. Who
/// begins one signed in just before. What is claimed to be done once is told of when it is done. What runs on
/// an edge is kept for seconds and decides nothing; nor does what an edge answers to a question, which is in
/// audit itself. A refusal is an event that says so: `refusals.rs` has them.
pub(super) const EXCEPTIONS: [&str; 14] = [
    "BrowserSessionsService.ClaimBrowserSessionCheck",
    "BrowserSessionsService.CreateBrowserSession",
    "BrowserSessionsService.TouchBrowserSession",
    "BrowserSessionsService.UpdateBrowserSession",
    "IdempotencyService.AbandonRequest",
    "IdempotencyService.AnswerRequest",
    "IdempotencyService.ClaimRequest",
    "SyncService.Answer",
    "SyncService.Authenticate",
    "SyncService.LeaseQuota",
    "SyncService.Record",
    "SyncService.ReportPools",
    "SyncService.ReportRefusal",
    "SyncService.ReturnQuota",
];

/// Each method that changes something, and the action that audit must tell of afterwards.
pub(super) const AUDITED: &[(&str, &str)] = &[
    ("AuditService.ReadArguments", "audit.read_arguments"),
    ("BackupService.CreateBackup", "backup.create"),
    (
        "BrowserSessionsService.EndBrowserSession",
        "browser_sessions.end",
    ),
    (
        "BrowserSessionsService.EndBrowserSessionsOfUser",
        "browser_sessions.end_all",
    ),
    ("BundlesService.CreateBundle", "bundles.create"),
    ("BundlesService.DeleteBundle", "bundles.delete"),
    ("BundlesService.UpdateBundle", "bundles.update"),
    ("GroupsService.CreateGroup", "groups.create"),
    ("GroupsService.DeleteGroup", "groups.delete"),
    ("GroupsService.UpdateGroup", "groups.update"),
    (
        "IdentityService.CreateLoginLink",
        "identity.create_login_link",
    ),
    ("IdentityService.CreateUser", "identity.create_user"),
    ("IdentityService.DeleteUser", "identity.delete_user"),
    ("IdentityService.SignIn", "identity.sign_in"),
    ("IdentityService.SignOutUser", "browser_sessions.end_all"),
    ("IdentityService.UpdateUser", "identity.update_user"),
    (
        "IdentityService.RedeemLoginLink",
        "identity.redeem_login_link",
    ),
    ("KeysService.ActivateKey", "keys.activate"),
    ("KeysService.CreateKey", "keys.create"),
    ("KeysService.DeleteKey", "keys.delete"),
    ("KeysService.ExchangeKey", "keys.exchange"),
    ("KeysService.InactivateKey", "keys.inactivate"),
    ("KeysService.IssueAccessToken", "keys.issue_token"),
    ("KeysService.ReportLeakedKey", "keys.leaked"),
    ("KeysService.RevokeKey", "keys.revoke"),
    ("KeysService.RotateKey", "keys.rotate"),
    ("KeysService.UpdateKey", "keys.update"),
    // As if each object had been changed alone: `manifest.rs` has them all.
    ("ManifestService.ApplyManifest", "prices.set"),
    ("PlansService.CreatePlan", "plans.create"),
    ("PlansService.DeletePlan", "plans.delete"),
    ("PlansService.UpdatePlan", "plans.update"),
    ("PoliciesService.CreatePolicy", "policies.create"),
    ("PoliciesService.DeletePolicy", "policies.delete"),
    ("PoliciesService.RestorePolicy", "policies.restore"),
    ("PoliciesService.UpdatePolicy", "policies.update"),
    ("PricesService.DeletePrice", "prices.delete"),
    ("PricesService.SetPrice", "prices.set"),
    ("SyncService.ReportCatalogue", "upstreams.report"),
    ("UpstreamsService.AddUpstream", "upstreams.add"),
    ("UpstreamsService.DisableUpstream", "upstreams.disable"),
    ("UpstreamsService.DiscoverUpstream", "upstreams.discover"),
    ("UpstreamsService.EnableUpstream", "upstreams.enable"),
    ("UpstreamsService.ProbeUpstream", "upstreams.probe"),
    ("UpstreamsService.RemoveUpstream", "upstreams.remove"),
    ("UpstreamsService.UpdateUpstream", "upstreams.update"),
    ("VaultService.RotateVault", "vault.rotate"),
];
