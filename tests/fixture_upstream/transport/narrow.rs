//! A server of one era, as there are many: what opens the other era is a method that it does not have.

use crate::era::Era;
use rmcp::{
    ErrorData, RoleServer,
    model::{ClientJsonRpcMessage, ClientRequest, ErrorCode, GetMeta as _, ServerJsonRpcMessage},
    transport::Transport,
};

/// What a modern client says about itself in each request; older servers know nothing of it.
const MODERN_META: &[&str] = &[
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
];

pub(super) struct Narrow<T> {
    transport: T,
    era: Era,
}

impl<T> Narrow<T> {
    pub(super) fn new(transport: T, era: Era) -> Self {
        Self { transport, era }
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Narrow<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        self.transport.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let mut message = self.transport.receive().await?;
            let Some(refusal) = refuse(self.era, &mut message) else {
                return Some(message);
            };
            self.transport.send(refusal).await.ok()?;
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), T::Error>> + Send {
        self.transport.close()
    }
}

fn refuse(era: Era, message: &mut ClientJsonRpcMessage) -> Option<ServerJsonRpcMessage> {
    let ClientJsonRpcMessage::Request(request) = message else {
        return None;
    };
    let foreign = match (era, &request.request) {
        (Era::Legacy, ClientRequest::DiscoverRequest(_))
        | (Era::Modern, ClientRequest::InitializeRequest(_)) => true,
        (Era::Legacy, _) => {
            let meta = request.request.get_meta_mut();
            for key in MODERN_META {
                meta.remove(*key);
            }
            false
        }
        _ => false,
    };
    foreign.then(|| {
        let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "Method not found", None);
        ServerJsonRpcMessage::error(error, Some(request.id.clone()))
    })
}
