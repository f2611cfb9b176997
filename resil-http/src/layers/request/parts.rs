//! The parts of a body that was read.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

/// One frame of a body, kept.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Part {
    /// Reads a frame. One of a kind that is not known is left out, and so is one without data: the limit of what is kept
    /// counts bytes, and nothing would bound a body that never ends and never has any.
    pub(super) fn of(frame: Frame<Bytes>) -> Option<Self> {
        match frame.into_data() {
            Ok(data) => Some(Self::Data(data)).filter(|part| part.len() > 0),
            Err(frame) => frame.into_trailers().ok().map(Self::Trailers),
        }
    }

    /// Returns the number of bytes of data. Those of trailers don't count: the limits of HTTP bound them.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::Trailers(_) => 0,
        }
    }

    pub(super) fn into_frame(self) -> Frame<Bytes> {
        match self {
            Self::Data(data) => Frame::data(data),
            Self::Trailers(trailers) => Frame::trailers(trailers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_without_data_is_not_kept() {
        assert!(Part::of(Frame::data(Bytes::new())).is_none());
        let data = Part::of(Frame::data(Bytes::from("5"))).unwrap();
        assert_eq!(data.len(), 1);
        let trailers = Part::of(Frame::trailers(HeaderMap::new())).unwrap();
        assert_eq!(trailers.len(), 0);
    }
}
