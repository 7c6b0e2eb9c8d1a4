//! Bodies that carry a file: `multipart/form-data` (RFC 7578), since the service's file field refuses JSON.

use accredit_models::thirdparty::NewKybDocument;
use accredit_transport::{EncodeError, RequestEncoder};
use http::HeaderValue;

/// Writes a know-your-business document: three text fields and the PDF.
pub(crate) fn encode(
    document: &NewKybDocument,
    request: &mut RequestEncoder,
) -> Result<(), EncodeError> {
    let content = document.storage_content.as_bytes();
    let boundary = boundary(content);
    let mut body = Vec::with_capacity(content.len() + 1024);
    let fields = [
        ("entity", document.entity.to_string()),
        ("type", document.kind.to_string()),
        ("side", document.side.to_string()),
    ];
    for (name, value) in fields {
        part(
            &mut body,
            &boundary,
            &format!("name=\"{name}\""),
            value.as_bytes(),
        );
    }
    // The service accepts file names that end in .pdf, and keeps none: a neutral one tells nothing about a person.
    let file =
        "name=\"storage_content\"; filename=\"document.pdf\"\r\nContent-Type: application/pdf";
    part(&mut body, &boundary, file, content);
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type =
        HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
            .map_err(|_| EncodeError::new("storage_content", "no boundary fits in a header"))?;
    request.bytes(content_type, body);
    Ok(())
}

fn part(body: &mut Vec<u8>, boundary: &str, disposition: &str, content: &[u8]) {
    body.extend_from_slice(
        format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n").as_bytes(),
    );
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

/// A line that does not occur in the file.
fn boundary(content: &[u8]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("accredit-form-boundary-{number}");
        let taken = content
            .windows(boundary.len())
            .any(|window| window == boundary.as_bytes());
        if !taken {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::boundary;

    #[test]
    fn the_boundary_does_not_occur_in_the_file() {
        assert_eq!(boundary(b"%PDF-1.7"), "accredit-form-boundary-0");
        assert_eq!(
            boundary(b"x accredit-form-boundary-0 y"),
            "accredit-form-boundary-1"
        );
    }
}
