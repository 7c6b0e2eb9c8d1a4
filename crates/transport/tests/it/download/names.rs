//! The name that a server suggests, and what is made of a hostile one.

use super::support::Service;
use crate::support::Download;

async fn name(disposition: &str) -> Option<String> {
    let client = Service::new(&[("content-disposition", disposition)], []).client();
    let download = client.download(&Download).await.unwrap();
    download.file_name().map(str::to_owned)
}

#[tokio::test]
async fn names_are_read_as_the_rfc_says() {
    let cases = [
        ("attachment; filename=a.pdf", Some("a.pdf")),
        ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
        ("ATTACHMENT; FILENAME=a.pdf", Some("a.pdf")),
        ("inline;filename=a.pdf;size=3", Some("a.pdf")),
        ("attachment; filename = \"a.pdf\" ; x=y", Some("a.pdf")),
        (
            "attachment; x=\";filename=no\"; filename=a.pdf",
            Some("a.pdf"),
        ),
        ("attachment; filename=\"a;b.pdf\"", Some("a;b.pdf")),
        ("attachment; filename=\"\\\"a\\\".pdf\"", Some("_a_.pdf")),
        ("attachment; filename=\"a.pdf", Some("a.pdf")),
        ("attachment; filename=a.pdf; filename=b.pdf", Some("a.pdf")),
        // Percent signs mean nothing in the plain parameter.
        ("attachment; filename=\"a%2Fb.pdf\"", Some("a%2Fb.pdf")),
        ("attachment; filename=\"ä.pdf\"", Some("ä.pdf")),
        ("attachment; filename*=UTF-8''%e2%82%ac.pdf", Some("€.pdf")),
        (
            "attachment; filename*=utf-8'en'%e2%82%ac.pdf; filename=e.pdf",
            Some("€.pdf"),
        ),
        (
            "attachment; filename=e.pdf; filename*=UTF-8''%e2%82%ac.pdf",
            Some("€.pdf"),
        ),
        ("attachment; filename*=iso-8859-1''%e4.pdf", Some("ä.pdf")),
        // Falls back where the better one is of no use.
        (
            "attachment; filename=e.pdf; filename*=UTF-8''%ff.pdf",
            Some("e.pdf"),
        ),
        (
            "attachment; filename=e.pdf; filename*=koi8-r''%ff.pdf",
            Some("e.pdf"),
        ),
        ("attachment; filename=e.pdf; filename*=junk", Some("e.pdf")),
        (
            "attachment; filename=e.pdf; filename*=UTF-8''%2e%2e",
            Some("e.pdf"),
        ),
        ("attachment", None),
        ("attachment; filename", None),
        ("attachment; filename=", None),
        ("filename=a.pdf", None),
        ("", None),
        (";;;===\"\"\"\\", None),
    ];
    for (disposition, expected) in cases {
        assert_eq!(
            name(disposition).await.as_deref(),
            expected,
            "{disposition:?}"
        );
    }
    let client = Service::new(&[], []).client();
    let download = client.download(&Download).await.unwrap();
    assert_eq!(download.file_name(), None);
}

#[tokio::test]
async fn hostile_names_are_made_harmless() {
    let cases = [
        ("../../etc/passwd", Some("passwd")),
        ("/etc/passwd", Some("passwd")),
        ("..", None),
        (".", None),
        ("...", None),
        ("../..", None),
        ("a/", None),
        ("a\\", None),
        ("/", None),
        ("..\\..\\evil.exe", Some("evil.exe")),
        ("C:\\Windows\\win.ini", Some("win.ini")),
        ("C:evil.pdf", Some("C_evil.pdf")),
        ("\\\\host\\share\\a.pdf", Some("a.pdf")),
        ("a.pdf:stream", Some("a.pdf_stream")),
        (".bashrc", Some("bashrc")),
        ("...a.pdf", Some("a.pdf")),
        (". .a.pdf", Some("a.pdf")),
        ("a.pdf. . ", Some("a.pdf")),
        ("   ", None),
        ("\u{a0}\u{2003}", None),
        ("a\0.pdf", Some("a.pdf")),
        ("a\r\nb.pdf", Some("ab.pdf")),
        ("\u{1b}[31ma.pdf", Some("[31ma.pdf")),
        ("a\u{7f}\u{85}.pdf", Some("a.pdf")),
        ("a\u{202e}fdp.exe", Some("afdp.exe")),
        ("\u{2066}a\u{2069}.pdf", Some("a.pdf")),
        ("\u{feff}a\u{200b}.pdf", Some("a.pdf")),
        ("\u{200b}", None),
        ("\u{200b}.\u{200b}./a\u{ad}", Some("a")),
        ("\u{202e}..", None),
        ("CON", Some("_CON")),
        ("con.pdf", Some("_con.pdf")),
        ("nul .tar.gz", Some("_nul .tar.gz")),
        ("Aux.", Some("_Aux")),
        ("COM1", Some("_COM1")),
        ("lpt9.txt", Some("_lpt9.txt")),
        ("COM¹.log", Some("_COM¹.log")),
        ("conin$", Some("_conin$")),
        ("COM10", Some("COM10")),
        ("console.pdf", Some("console.pdf")),
        ("a<b>c|d?e*f.pdf", Some("a_b_c_d_e_f.pdf")),
        ("-rf", Some("-rf")),
        ("a.pdf\u{2028}.exe", Some("a.pdf.exe")),
    ];
    assert!(cases.len() >= 40);
    for (given, expected) in cases {
        let encoded: String = given.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let disposition = format!("attachment; filename*=UTF-8''{encoded}");
        assert_eq!(name(&disposition).await.as_deref(), expected, "{given:?}");
    }
}

#[tokio::test]
async fn long_names_are_cut_between_characters_and_keep_their_extension() {
    for (given, expected) in [
        ("a".repeat(255), "a".repeat(255)),
        ("a".repeat(256), "a".repeat(255)),
        ("ä".repeat(200), "ä".repeat(127)),
        (
            format!("{}.pdf", "ä".repeat(200)),
            format!("{}.pdf", "ä".repeat(125)),
        ),
        (
            format!("a.{}", "x".repeat(300)),
            format!("a.{}", "x".repeat(253)),
        ),
        (
            format!("{} .{}", "a".repeat(249), "x".repeat(9)),
            format!("{}.{}", "a".repeat(245), "x".repeat(9)),
        ),
        // A device only when it is cut.
        (
            format!("aux{}{}", " ".repeat(260), "x".repeat(20)),
            "_aux".to_owned(),
        ),
        (
            format!("con.{}", "x".repeat(300)),
            format!("_con.{}", "x".repeat(250)),
        ),
        (
            format!("{}   .pdf", "a".repeat(249)),
            format!("{}.pdf", "a".repeat(249)),
        ),
    ] {
        let cut = name(&format!("attachment; filename=\"{given}\"")).await;
        assert_eq!(cut, Some(expected));
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_taken_as_latin_1() {
    use accredit_transport::http::{HeaderValue, Response, header};
    use accredit_transport::{Body, Client, Token};

    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .transport(tower::service_fn(async |_| {
            let mut response = Response::new(Body::default());
            let value = HeaderValue::from_bytes(b"attachment; filename=\"\xe4.pdf\"").unwrap();
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, value);
            Ok::<_, std::convert::Infallible>(response)
        }))
        .build()
        .unwrap();
    let download = client.download(&Download).await.unwrap();
    assert_eq!(download.file_name(), Some("ä.pdf"));
}
