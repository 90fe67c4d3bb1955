//! The stable names of everything that can go wrong for somebody outside.
//!
//! Each has a page `docs/errors/<code>.md`, which the dashboard shows at `/docs/errors/<code>`: what happened, what to do, how to find it in the logs.
//! Where an error is answered decides its status; the name is the same on every way out.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
    /// Whether only somebody with a secret of a key is told so: what state a key is in is said to nobody else.
    pub fn proves_a_secret(self) -> bool {
        matches!(
            self,
            Self::KeyRevoked | Self::KeyExpired | Self::KeyInactive | Self::OwnerDisabled
        )
    }

            /// Whether it says that somebody may not do something for who they are, or are not.
            pub fn refuses_somebody(self) -> bool {
                self.proves_a_secret()
                    || matches!(
                        self,
                        Self::KeyUnknown
                            | Self::AccessTokenExpired
                            | Self::AddressForbidden
                            | Self::HourForbidden
                            | Self::Forbidden
                            | Self::ServiceUnauthenticated
                    )
            }

            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Its page in `docs/errors/`, Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../docs/errors/", $text, ".md")),)*
                }
            }
        }
    };
}

codes! {
    /// No credential in the request.
    KeyMissing = "key-missing",
    /// Not the shape of a key, or its checksum is wrong.
    KeyMalformed = "key-malformed",
    /// Well formed, but no such key or secret.
    KeyUnknown = "key-unknown",
    KeyRevoked = "key-revoked",
    KeyExpired = "key-expired",
    /// The access token has had its time; the key may be fine.
    AccessTokenExpired = "access-token-expired",
    KeyInactive = "key-inactive",
    /// The key's owner may not use Ostia any more.
    OwnerDisabled = "owner-disabled",
    /// The key may not be used from this address.
    AddressForbidden = "address-forbidden",
    /// The key may not be used at this time.
    HourForbidden = "hour-forbidden",
    OriginForbidden = "origin-forbidden",
    HostForbidden = "host-forbidden",
    BodyTooLarge = "body-too-large",
    /// The body is not JSON, or there is more than one value.
    InvalidJson = "invalid-json",
    /// JSON, but not one JSON-RPC request: a batch, a response, a missing member.
    InvalidRequest = "invalid-request",
    InvalidParams = "invalid-params",
    HeaderMismatch = "header-mismatch",
    UnsupportedVersion = "unsupported-version",
    MethodNotFound = "method-not-found",
    /// The endpoint has no such path or does not take this HTTP method.
    NotFound = "not-found",
    HttpMethodNotAllowed = "http-method-not-allowed",
    SessionMissing = "session-missing",
    SessionUnknown = "session-unknown",
    /// No such tool for this key: unknown and denied are one answer, on purpose.
    ToolUnavailable = "tool-unavailable",
    PromptUnavailable = "prompt-unavailable",
    ResourceUnavailable = "resource-unavailable",
    /// The upstream needs something of the client that the client did not declare.
    ClientCapabilityMissing = "client-capability-missing",
    /// `requestState` is not one that Ostia gave this caller for this request, or it is too old.
    RequestStateInvalid = "request-state-invalid",
    /// No such task for this key: unknown, somebody else's and forbidden are one answer, on purpose.
    TaskUnknown = "task-unknown",
    /// The worker that had the task ended, and the task with it.
    TaskLost = "task-lost",
    /// The client cancelled the request.
    Cancelled = "cancelled",
    /// The tool may be called, but not with these arguments.
    ArgumentRefused = "argument-refused",
    /// The result is larger than policy allows.
    ResultTooLarge = "result-too-large",
    RateLimited = "rate-limited",
    /// The calls of this day or month are made.
    QuotaUsedUp = "quota-used-up",
    TooManyCalls = "too-many-calls",
    UpstreamBusy = "upstream-busy",
    /// No worker could be started.
    UpstreamUnavailable = "upstream-unavailable",
    /// The worker ended, or broke the protocol, while it had the call.
    WorkerLost = "worker-lost",
    CallTimeout = "call-timeout",
    /// The upstream answered something that the protocol does not allow.
    UpstreamInvalid = "upstream-invalid",
    /// The edge cannot reach `control` and has never seen this key.
    ControlUnavailable = "control-unavailable",
    ShuttingDown = "shutting-down",
    Internal = "internal",

    // What control answers to operators and services.
    InvalidArgument = "invalid-argument",
    AlreadyExists = "already-exists",
    NoSuchObject = "no-such-object",
    /// The object is in use, or in a state that does not allow it.
    Conflict = "conflict",
    /// The object is not any more what the caller read.
    PreconditionFailed = "precondition-failed",
    /// The upstream answered a call with an error of its own.
    UpstreamError = "upstream-error",
    /// The file is no backup, damaged, or of another version.
    BackupInvalid = "backup-invalid",
    /// What a backup was to be restored into, or with, is not what it needs.
    RestoreRefused = "restore-refused",
    /// No edge listed the upstream in time.
    UpstreamUnlisted = "upstream-unlisted",
    /// The caller is no service that control knows.
    ServiceUnauthenticated = "service-unauthenticated",
    /// The role of the user does not allow it.
    Forbidden = "forbidden",
    LoginLinkInvalid = "login-link-invalid",
    DatabaseUnavailable = "database-unavailable",
    /// The database answers, and takes no changes.
    DatabaseReadOnly = "database-read-only",

    // What pages answer to people.
    /// A form was sent by somebody whose browser session has ended.
    SignInRequired = "sign-in-required",
    /// A form that is not from a page of this session.
    FormRefused = "form-refused",
    /// More pages follow what happens than the dashboard serves.
    TooManyStreams = "too-many-streams",
    /// Somebody came back from a provider whom nobody sent there from this browser, or who came before.
    SignInStateInvalid = "sign-in-state-invalid",
    /// The provider, or a rule of this installation, lets this person not in.
    SignInRefused = "sign-in-refused",
    /// What the provider answered proves nothing.
    SignInFailed = "sign-in-failed",
    /// The provider cannot be reached, or does not know this installation.
    ProviderUnavailable = "provider-unavailable",
}

impl Code {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}
