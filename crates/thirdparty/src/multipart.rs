//! Bodies that carry a file: `multipart/form-data` (RFC 7578), since the service's file field refuses JSON.

use std::hash::{BuildHasher as _, RandomState};

use accredit_models::thirdparty::{DocumentSide, EntityId, KybDocumentType, NewKybDocument};
use accredit_transport::{EncodeError, RequestEncoder, Upload, bytes::Bytes};
use http::HeaderValue;

use crate::uploads::{MAGIC, Pdf};

/// The field of the file.
const FILE: &str = "storage_content";

/// Writes a know-your-business document that is in memory: three text fields and the PDF.
pub(crate) fn encode(
    document: &NewKybDocument,
    request: &mut RequestEncoder,
) -> Result<(), EncodeError> {
    let content = document.storage_content.as_bytes();
    if u64::try_from(content.len()).is_ok_and(|length| length > Pdf::MAX_BYTES) {
        return Err(EncodeError::new(FILE, "is longer than `Pdf::MAX_BYTES`"));
    }
    if !content.starts_with(MAGIC) {
        return Err(EncodeError::new(
            FILE,
            "is no PDF: it does not begin with %PDF",
        ));
    }
    let form = Form::new()?;
    let NewKybDocument {
        entity, kind, side, ..
    } = document;
    let mut body = Vec::with_capacity(content.len() + 1024);
    body.extend_from_slice(form.before(*entity, kind, side)?.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(form.after().as_bytes());
    request.bytes(form.content_type, body);
    Ok(())
}

/// Writes a document whose file is sent as it is read. The file is not taken when the fields are refused.
pub(crate) fn encode_upload(
    (entity, kind, side): (EntityId, &KybDocumentType, &DocumentSide),
    take_file: impl FnOnce() -> Result<Upload, EncodeError>,
    request: &mut RequestEncoder,
) -> Result<(), EncodeError> {
    let form = Form::new()?;
    let before = Bytes::from(form.before(entity, kind, side)?);
    let body = take_file()?.into_body(before, Bytes::from(form.after()));
    request.body(form.content_type, body);
    Ok(())
}

/// What stands around the file.
struct Form {
    boundary: String,
    content_type: HeaderValue,
}

impl Form {
    fn new() -> Result<Self, EncodeError> {
        let boundary = random_boundary();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type)
            .map_err(|_| EncodeError::new(FILE, "no boundary fits in a header"))?;
        Ok(Self {
            boundary,
            content_type,
        })
    }

    fn before(
        &self,
        entity: EntityId,
        kind: &KybDocumentType,
        side: &DocumentSide,
    ) -> Result<String, EncodeError> {
        let fields = [
            ("entity", entity.to_string()),
            ("type", kind.to_string()),
            ("side", side.to_string()),
        ];
        let mut text = String::new();
        for (name, value) in fields {
            // Values of tomorrow are any text, and a line break could begin another field.
            if value.contains(|c: char| c.is_control() || c == '"') {
                return Err(EncodeError::new(
                    name,
                    "holds a quotation mark or a control character",
                ));
            }
            self.open(&mut text, &format!("name=\"{name}\""));
            text.push_str(&value);
            text.push_str("\r\n");
        }
        // The service accepts file names that end in .pdf, and keeps none: a neutral one tells nothing about a person.
        self.open(
            &mut text,
            &format!("name=\"{FILE}\"; filename=\"document.pdf\"\r\nContent-Type: application/pdf"),
        );
        Ok(text)
    }

    fn open(&self, text: &mut String, disposition: &str) {
        let boundary = &self.boundary;
        text.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
        ));
    }

    fn after(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}

/// A line that nobody can have put into the file or a field: 128 random bits, where the platform has any. Without an operating
/// system, as on `wasm32-unknown-unknown`, they differ from form to form and are no secret.
fn random_boundary() -> String {
    let [first, second] = [(); 2].map(|()| RandomState::new().hash_one(0_u8));
    format!("accredit-form-boundary-{first:016x}{second:016x}")
}

#[cfg(test)]
mod tests {
    use super::random_boundary;

    #[test]
    fn nobody_can_guess_the_boundary() {
        let (one, other) = (random_boundary(), random_boundary());
        assert_ne!(one, other);
        // RFC 2046: at most 70 characters.
        assert!(one.len() <= 70, "{one}");
    }
}
