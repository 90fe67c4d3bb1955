//! The settings of each role.

use super::{List, address, items, optional, path, shown, span, text};
use crate::{
    args::{Global, RunArgs},
    config::{RunSettings, mail::Server},
};
use ostia_domain::{
    name::ExposedNames,
    settings::{Source, Value},
};
use std::time::Duration;

impl List<'_> {
    pub(super) fn of_control(&mut self, run: &RunSettings, args: &RunArgs) {
        let url = address(Some(&run.common.database_url));
        self.add("database_url", "database_url", url);
        self.add("listen.control", "control", text(run.listen.control));
        self.add_switch("migrate", "migrate", args.migrate, run.migrate);
        self.add_switch("demo", "demo", args.demo, run.demo);
        let days = |age: Option<Duration>| optional(age.map(|age| age.as_secs() / 86_400));
        let (lifetime, idle) = (run.max_key_lifetime, run.max_key_idle.map(|max| max.idle));
        for (name, argument, value) in [
            (
                "keys.max_lifetime_days",
                "max_key_lifetime_days",
                days(lifetime),
            ),
            ("keys.max_idle_days", "max_key_idle_days", days(idle)),
        ] {
            self.add(name, argument, value);
        }
        self.of_mail(args);
        let (tls, file) = (&args.tls, self.file);
        for (name, argument, flag, file) in [
            ("tls.cert", "cert", &tls.cert, &file.tls.cert),
            ("tls.key", "key", &tls.key, &file.tls.key),
            (
                "tls.client_ca",
                "client_ca",
                &tls.client_ca,
                &file.tls.client_ca,
            ),
        ] {
            self.add(name, argument, path(flag.as_ref().or(file.as_ref())));
        }
        let kept = run.retention;
        for (name, argument, age) in [
            ("keep.audit_calls", "audit_calls", kept.audit_calls),
            ("keep.audit_changes", "audit_changes", kept.audit_changes),
            ("keep.usage_records", "usage_records", kept.usage_records),
            ("keep.usage_hours", "usage_hours", kept.usage_hours),
            ("keep.usage_days", "usage_days", kept.usage_days),
        ] {
            let age = age.map_or_else(|| text("forever"), span);
            self.add(name, argument, age);
        }
    }

    /// The server without its password, and without anything where all of it is in a file.
    fn of_mail(&mut self, args: &RunArgs) {
        let (flags, file) = (&args.mail, &self.file.mail);
        let from = optional(flags.mail_from.as_ref().or(file.from.as_ref()));
        match Server::named(flags, file) {
            Ok(Some(Server::File(path))) => {
                let source = Source::File(shown(&path));
                self.add_from("mail.smtp_url", Value::Secret, source);
            }
            Ok(Some(Server::Written(url))) => {
                let url = address(Some(url.expose()));
                self.add("mail.smtp_url", "smtp_url", url);
            }
            _ => self.add("mail.smtp_url", "smtp_url", Value::Unset),
        }
        self.add("mail.from", "mail_from", from);
    }

    /// Of those that run without control, the way to it.
    pub(super) fn of_client(&mut self, run: &RunSettings, global: &Global) {
        let (flags, file) = (&global.control, &self.file.control);
        let url = run.common.endpoint.url.as_deref();
        let paths = [
            ("control.ca", "control_ca", &flags.control_ca, &file.ca),
            (
                "control.client_cert",
                "control_client_cert",
                &flags.control_client_cert,
                &file.client_cert,
            ),
            (
                "control.client_key",
                "control_client_key",
                &flags.control_client_key,
                &file.client_key,
            ),
        ];
        self.add("control.url", "control_url", address(url));
        for (name, argument, flag, file) in paths {
            self.add(name, argument, path(flag.as_ref().or(file.as_ref())));
        }
    }

    pub(super) fn of_edge(&mut self, run: &RunSettings) {
        let edge = &run.edge;
        let names = match edge.exposed_names {
            ExposedNames::Safe => "safe",
            ExposedNames::Dotted => "dotted",
        };
        let milliseconds = |span: Duration| text(span.as_millis());
        for (name, argument, value) in [
            ("listen.mcp", "mcp", text(run.listen.mcp)),
            ("edge.name", "edge_name", text(&edge.name)),
            (
                "edge.advertise_url",
                "advertise_url",
                address(edge.advertise_url.as_deref()),
            ),
            (
                "edge.allowed_hosts",
                "allowed_host",
                items(&edge.allowed_hosts),
            ),
            (
                "edge.allowed_origins",
                "allowed_origin",
                items(&edge.allowed_origins),
            ),
            ("edge.exposed_names", "exposed_names", text(names)),
            (
                "edge.max_body_bytes",
                "max_body_bytes",
                text(edge.max_body_bytes),
            ),
            (
                "edge.drain_timeout_ms",
                "drain_timeout_ms",
                milliseconds(edge.drain_timeout),
            ),
            (
                "edge.max_revocation_age_s",
                "max_revocation_age_s",
                text(edge.max_revocation_age.as_secs()),
            ),
        ] {
            self.add(name, argument, value);
        }
    }

    /// What edge and web are both told.
    pub(super) fn of_both(&mut self, run: &RunSettings) {
        let proxies = items(&run.edge.trusted_proxies);
        self.add("edge.trusted_proxies", "trusted_proxy", proxies);
        self.add("urls.mcp", "mcp_url", address(run.mcp_url.as_deref()));
    }

    pub(super) fn of_web(&mut self, run: &RunSettings) {
        let web = &run.web;
        for (name, argument, value) in [
            ("listen.web", "web", text(run.listen.web)),
            ("urls.web", "web_url", address(run.web_url.as_deref())),
            ("web.api_origins", "api_origin", items(&web.api_origins)),
            ("web.session_idle", "session_idle", span(web.session_idle)),
            ("web.session_max", "session_max", span(web.session_max)),
            (
                "web.oidc_recheck_min",
                "oidc_recheck_min",
                text(web.recheck.as_secs() / 60),
            ),
        ] {
            self.add(name, argument, value);
        }
        let Some(file) = self.file.path_of("oidc") else {
            return;
        };
        for (provider, written) in web.providers.iter().zip(&self.file.oidc) {
            let roles = provider.roles.iter();
            let roles: Vec<_> = roles
                .map(|(group, role)| format!("{group}: {}", role.as_str()))
                .collect();
            let (secret, from) = match (&written.client_secret_file, &written.client_secret_env) {
                (Some(path), _) => (Value::Secret, Source::File(shown(path))),
                (None, Some(name)) => (Value::Secret, Source::Variable(name.clone())),
                (None, None) => (Value::Unset, Source::Default),
            };
            let named = |name: &str| format!("oidc.{}.{name}", provider.name);
            let domains = &provider.allowed_email_domains;
            let private = provider.allow_private_network;
            for (name, value, written) in [
                (
                    "label",
                    optional(provider.label.as_ref()),
                    provider.label.is_some(),
                ),
                ("issuer", address(Some(&provider.issuer)), true),
                ("client_id", text(&provider.client_id), true),
                ("scopes", items(&provider.scopes), written.scopes.is_some()),
                (
                    "groups_claim",
                    optional(provider.groups_claim.as_ref()),
                    provider.groups_claim.is_some(),
                ),
                ("roles", items(&roles), !roles.is_empty()),
                ("allowed_email_domains", items(domains), !domains.is_empty()),
                ("allow_private_network", text(private), private),
            ] {
                let source = if written {
                    Source::File(file.clone())
                } else {
                    Source::Default
                };
                self.add_from(&named(name), value, source);
            }
            self.add_from(&named("client_secret"), secret, from);
        }
    }
}
