//! Calls by the name of a method, with messages made of the names of their fields.

use super::super::fixture::TOKEN;
use ostia_proto::{DESCRIPTOR, status::code_of};
use prost::{
    Message as _,
    bytes::{Buf as _, BufMut as _},
    encoding::{WireType, encode_key, encode_varint, string},
};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorSet, field_descriptor_proto::Type,
};
use std::collections::BTreeMap;
use tonic::{
    Code as Grpc, Request, Status,
    client::Grpc as Raw,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// What the contract says of methods and messages.
pub(super) struct Contract {
    /// `Service/Method`, and the type of its request, in order.
    pub(super) methods: BTreeMap<String, String>,
    messages: BTreeMap<String, DescriptorProto>,
}

impl Contract {
    pub(super) fn read() -> Self {
        let files = FileDescriptorSet::decode(DESCRIPTOR).expect("the descriptor set");
        let (mut methods, mut messages) = (BTreeMap::new(), BTreeMap::new());
        for file in files.file {
            let package = format!(".{}", file.package());
            for message in file.message_type {
                messages.insert(format!("{package}.{}", message.name()), message);
            }
            for service in file.service {
                for method in &service.method {
                    let name = format!("{}/{}", service.name(), method.name());
                    methods.insert(name, method.input_type().to_owned());
                }
            }
        }
        Self { methods, messages }
    }

    /// Every text in the request of a method, as the path of fields to it: `policies.names`.
    pub(super) fn texts(&self, method: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.walk(&self.methods[method], "", &mut found);
        found
    }

    fn walk(&self, message: &str, above: &str, found: &mut Vec<String>) {
        // What others defined holds no names of ours; maps are of names to values.
        let Some(message) = self.messages.get(message) else {
            return;
        };
        for field in &message.field {
            let path = format!("{above}{}", field.name());
            match field.r#type() {
                Type::String | Type::Bytes => found.push(path),
                Type::Message => self.walk(field.type_name(), &format!("{path}."), found),
                _ => {}
            }
        }
    }

    /// `request` with one text more: the last of a field counts, lists get longer.
    pub(super) fn with(
        &self,
        method: &str,
        mut request: Vec<u8>,
        path: &str,
        text: &str,
    ) -> Vec<u8> {
        request.put_slice(&self.field(&self.methods[method], path, text));
        request
    }

    fn field(&self, message: &str, path: &str, text: &str) -> Vec<u8> {
        let (name, below) = path.split_once('.').unwrap_or((path, ""));
        let fields = &self.messages[message].field;
        let field = fields.iter().find(|field| field.name() == name);
        let field: &FieldDescriptorProto = field.expect("a field of this name");
        let number = u32::try_from(field.number()).expect("a number");
        let mut encoded = Vec::new();
        if below.is_empty() {
            string::encode(number, &text.to_owned(), &mut encoded);
        } else {
            let inner = self.field(field.type_name(), below, text);
            encode_key(number, WireType::LengthDelimited, &mut encoded);
            encode_varint(inner.len() as u64, &mut encoded);
            encoded.put_slice(&inner);
        }
        encoded
    }
}

/// What somebody is answered with: the message as it came, or status, code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) grpc: Grpc,
    /// `ok`, the code of the error, or in its absence the status.
    pub(super) said: String,
    pub(super) text: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Without what was asked for, which an answer may repeat. Its length stays.
    pub(super) fn blot_out(&mut self, asked: &str) {
        self.text = self.text.replace(asked, "<it>");
        let found: Vec<_> = memchr::memmem::find_iter(&self.body, asked).collect();
        for at in found {
            self.body[at..at + asked.len()].fill(b'*');
        }
    }
}

/// A call for a user.
pub(super) async fn call(channel: &Channel, method: &str, user: &str, request: Vec<u8>) -> Answer {
    let mut grpc = Raw::new(channel.clone());
    grpc.ready().await.expect("ready");
    let path = format!("/ostia.v1.{method}").parse().expect("a path");
    let mut request = Request::new(request);
    let metadata = request.metadata_mut();
    let bearer = format!("Bearer {TOKEN}");
    metadata.insert("authorization", bearer.parse().expect("a token"));
    metadata.insert("ostia-user", user.parse().expect("an id"));
    match grpc.unary(request, path, AsIs).await {
        Ok(answer) => Answer {
            grpc: Grpc::Ok,
            said: "ok".to_owned(),
            text: String::new(),
            body: answer.into_inner(),
        },
        Err(status) => Answer {
            grpc: status.code(),
            said: code_of(&status).map_or_else(
                || format!("{:?}", status.code()),
                |code| code.as_str().to_owned(),
            ),
            text: status.message().to_owned(),
            body: Vec::new(),
        },
    }
}

/// Messages as they are on the wire.
#[derive(Default)]
struct AsIs;

impl Codec for AsIs {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsIs {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put_slice(&item);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; source.remaining()];
        source.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
