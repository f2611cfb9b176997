//! A codec for what a test sends, without a build step.

use std::marker::PhantomData;

use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// What is sent as a message.
pub(crate) trait Message: Send + 'static {
    fn write(self, to: &mut EncodeBuf<'_>);
    fn read(from: &mut DecodeBuf<'_>) -> Self;
}

/// A message without content.
impl Message for () {
    fn write(self, _: &mut EncodeBuf<'_>) {}
    fn read(_: &mut DecodeBuf<'_>) {}
}

/// Writes and reads messages of one type.
pub(crate) struct Plain<M>(PhantomData<fn() -> M>);

impl<M> Plain<M> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<M: Message> Codec for Plain<M> {
    type Encode = M;
    type Decode = M;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::new()
    }

    fn decoder(&mut self) -> Self {
        Self::new()
    }
}

impl<M: Message> Encoder for Plain<M> {
    type Item = M;
    type Error = Status;

    fn encode(&mut self, message: M, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.write(to);
        Ok(())
    }
}

impl<M: Message> Decoder for Plain<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        Ok(Some(M::read(from)))
    }
}
