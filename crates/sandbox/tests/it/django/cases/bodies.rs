//! What is sent along: objects, broken and wrong bodies, files.

use super::{Case, get, post};

/// What the later requests are about.
pub(super) fn objects() -> Vec<Case> {
    let investor = |name: &str, kind: &str| {
        post("created object", "investors/")
            .json(&format!(
                r#"{{"entity":{{"first_name":" Ada ","last_name":"{name}","date_of_birth":"1985-12-10","net_worth":2500000.5,"annual_income":"100","email":"{name}@example.com","country":"US"}},"type":"{kind}","receive_sms":"yes"}}"#
            ))
            .objects()
            .keep("investor", "/id")
    };
    let investment = |quantity: u32| {
        post("created object", "investments/")
            .json(&format!(
                r#"{{"quantity":{quantity},"offering":<offering>,"investor":<investor>}}"#
            ))
            .objects()
            .keep("investment", "/id")
    };
    vec![
        investor("lovelace", "person"),
        get("investor", "investors/<investor>/").objects().keep("entity", "/entity/id"),
        get("investor", "investors/<investor>/").objects().keep("user", "/user/id"),
        investment(100),
        investment(101),
        investor("byron", "person"),
        investment(102),
        post("created object", "investments/")
            .form("quantity=103&offering=<offering>&investor=<investor>&requested_payment_method=card&receive_sms=on")
            .objects(),
        get("investment", "investments/<investment>/").objects(),
        Case::new("HEAD", "HEAD", "investments/<investment>/"),
    ]
}

/// No comma too many: Python 3.13 words that in another way than the versions before it.
pub(super) fn malformed() -> Vec<Case> {
    let post = |body: &str| post("malformed JSON", "investors/").json(body);
    let mut cases: Vec<_> = [
        "{",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\"",
        "{} x",
        "[1,\n 2",
        "{\"a",
        "{\"\\x\":1}",
        "{\"a\":\"\n\"}",
        "01",
        "nul",
        "{\"a\":NaN}",
        "{\"a\":-Infinity}",
        "'a'",
        " ",
        "\u{feff}{}",
        "{\"a\":\"\\u12\"}",
    ]
    .into_iter()
    .map(post)
    .collect();
    cases.push(
        post("{\"a\":1e999}")
            .by_design("the sandbox reads no number beyond a double; Python makes it infinite"),
    );
    cases.extend([
        post("").header("content-type", "application/json"),
        post("\u{fc}"),
    ]);
    let raw =
        |body: &[u8]| self::post("malformed JSON", "investors/").body("application/json", body);
    cases.extend([
        raw(b"{\"a\":\"\xff\"}"),
        raw(b"{\"a\":\"\xc3\"}"),
        raw(b"\xe2\x82"),
    ]);
    cases.extend(
        ["[]", "\"x\"", "1", "1.5", "true", "null", "[1]"]
            .into_iter()
            .map(|body| self::post("body no object", "investors/").json(body)),
    );
    cases.extend([
        self::post("malformed multipart", "investors/").body("multipart/form-data", "x"),
        self::post("malformed multipart", "investors/")
            .body("multipart/form-data; boundary=B", "x"),
        self::post("malformed multipart", "investors/").body("multipart/form-data; boundary=", "x"),
    ]);
    cases
}

pub(super) fn fields() -> Vec<Case> {
    let mut cases = Vec::new();
    let investor = |row, body: &str| post(row, "investors/").json(body);
    let entity = |field: &str| {
        investor(
            "bad value",
            &format!(r#"{{"entity":{{"first_name":"A","last_name":"B",{field}}},"type":"zz"}}"#),
        )
    };
    cases.extend([
        investor("missing field", "{}"),
        investor("missing field", r#"{"type":"person"}"#),
        investor("missing field", r#"{"type":"person","entity":{}}"#),
        investor("null", r#"{"type":null,"entity":null}"#),
        investor("null", r#"{"type":"person","entity":{"first_name":null,"last_name":null}}"#),
        investor("blank", r#"{"type":"","entity":{"first_name":"A","last_name":"B"}}"#),
        investor("blank", r#"{"type":"person","entity":{"first_name":"","last_name":"  "}}"#),
        investor("nested errors", r#"{"type":"person","entity":"x"}"#),
        investor("nested errors", r#"{"type":"person","entity":[1]}"#),
        investor("nested errors", r#"{"type":"zz","entity":7}"#),
        investor("several errors", r#"{"receive_emails":"x","receive_sms":2,"type":"zz","entity":{"country":"ZZ","email":"x","annual_income":"y","first_name":""}}"#),
        investor("bad choice", r#"{"type":7,"entity":"x"}"#),
        investor("bad choice", r#"{"type":true,"entity":"x"}"#),
        investor("bad choice", r#"{"type":1.5,"entity":"x"}"#),
        investor("bad choice", r#"{"type":["person"],"entity":"x"}"#),
        investor("bad choice", r#"{"type":{"a":1},"entity":"x"}"#),
        investor("bad choice", r#"{"type":"Person","entity":"x"}"#),
        investor("bad choice", r#"{"type":" person","entity":"x"}"#),
        investor("bad boolean", r#"{"type":"zz","entity":"x","receive_sms":"maybe"}"#),
        investor("bad boolean", r#"{"type":"zz","entity":"x","receive_sms":[]}"#),
        investor("bad boolean", r#"{"type":"zz","entity":"x","receive_sms":"TrUe","receive_emails":" on "}"#),
        investor("bad boolean", r#"{"type":"zz","entity":"x","receive_sms":1.0,"receive_emails":"oN"}"#),
        post("form", "investors/").form(""),
        post("form", "investors/").form("type=person"),
        post("form", "investors/").form("type=person&entity=x"),
        post("form", "investors/").form("type=zz&type=yy&entity.first_name=A"),
        post("form", "investors/").form("type=&entity.first_name=&entity.last_name=x&entity.email=&entity.net_worth="),
        post("form", "investors/").form("type=person&entity.first_name=A&entity.last_name=B&receive_sms=on").objects(),
        post("multipart", "investors/").multipart(&[("type", None, "zz"), ("entity.first_name", None, "A")]),
        post("multipart", "investors/").multipart(&[("type", None, "person"), ("entity.first_name", None, "A"), ("entity.last_name", None, "ü")]).objects(),
    ]);
    for field in [
        r#""first_name":7"#,
        r#""first_name":true"#,
        r#""first_name":[]"#,
        r#""first_name":"a\u0000b""#,
        r#""first_name":1.50"#,
        r#""email":"x""#,
        r#""email":"a b@c.de""#,
        r#""email":"a@b""#,
        r#""email":"a@b..de""#,
        r#""email":"a@-b.de""#,
        r#""email":"a@[127.0.0.1]""#,
        r#""email":"a@b.c""#,
        r#""email":"ü@b.de""#,
        r#""email":"\"a b\"@b.de""#,
        r#""email":"a@b.123""#,
        r#""email":"a@bü.de""#,
        r#""date_of_birth":"1/2/2000""#,
        r#""date_of_birth":"2000-02-30""#,
        r#""date_of_birth":"2000-1-2""#,
        r#""date_of_birth":20000101"#,
        r#""date_of_birth":"2000-01-01T00:00:00Z""#,
        r#""date_of_birth":"""#,
        r#""date_of_birth":"20000102""#,
        r#""date_of_birth":" 2000-01-02""#,
        r#""net_worth":"lots""#,
        r#""net_worth":"""#,
        r#""net_worth":"1.005""#,
        r#""net_worth":1.005"#,
        r#""net_worth":"NaN""#,
        r#""net_worth":"Infinity""#,
        r#""net_worth":"1e3""#,
        r#""net_worth":"1e30""#,
        r#""net_worth":true"#,
        r#""net_worth":[]"#,
        r#""net_worth":"12345678901234567890.12""#,
        r#""net_worth":"1234567890123456789""#,
        r#""net_worth":"123456789012345678901.5""#,
        r#""net_worth":"1,5""#,
        r#""net_worth":" 1.50 ""#,
        r#""net_worth":"1.500""#,
        r#""net_worth":"-0.001""#,
        r#""net_worth":1e-3"#,
        r#""accredited_investor":"x""#,
        r#""accredited_investor":"""#,
        r#""accredited_investor":"null""#,
        r#""country":"ZZ""#,
        r#""country":"us""#,
        r#""country":7"#,
        r#""country":"""#,
    ] {
        cases.push(entity(field));
    }
    cases
        .push(entity(r#""first_name":"\ud800""#).by_design(
            "half a surrogate pair is no text to the sandbox, which calls it malformed",
        ));
    let investment = |row, fields: &str| post(row, "investments/").json(&format!("{{{fields}}}"));
    for body in [
        "",
        r#""quantity":null,"offering":null,"investor":null"#,
        r#""quantity":"","offering":"","investor":"""#,
        r#""quantity":"x","offering":99999,"investor":"y""#,
        r#""quantity":1.5,"offering":"99999","investor":99999.5"#,
        r#""quantity":"1.5","offering":true,"investor":[]"#,
        r#""quantity":true,"offering":{},"investor":" 99999 ""#,
        r#""quantity":0,"offering":0,"investor":-1"#,
        r#""quantity":-5,"offering":"007","investor":"1e3""#,
        r#""quantity":"1.0","offering":99999"#,
        r#""quantity":" 7 ","offering":99999"#,
        r#""quantity":1.0,"offering":99999"#,
        r#""quantity":"0x10","offering":99999.0"#,
        r#""quantity":"1_000","offering":"1_000_000""#,
        r#""quantity":1e2,"offering":false"#,
        r#""quantity":"+7","offering":99999"#,
        r#""quantity":"1.","offering":99999"#,
        r#""quantity":{},"offering":99999"#,
        r#""quantity":"1e2","offering":99999"#,
    ] {
        cases.push(investment("bad integer or pk", body));
    }
    cases.push(
        investment("bad integer or pk", r#""offering":99999999999999999999"#)
            .by_design("the sandbox reads a number beyond 64 bits as a float"),
    );
    for value in [
        r#""x""#,
        r#""""#,
        "7",
        r#""2025-01-01""#,
        r#""2025-01-01T10:00""#,
        r#""2025-01-01T10:00:00+05:30""#,
        r#""2025-13-01T00:00:00Z""#,
        r#""2025-01-01 10:00:00""#,
        r#""2025-01-01T25:00:00Z""#,
        "true",
        r#""2025-01-01T10""#,
        r#""2025-1-1T10:00""#,
        r#""2025-01-01T10:00:00.1234567Z""#,
        r#""2025-01-01T10:00:00z""#,
        r#""2025-01-01T10:00:00+0530""#,
        r#""2025-01-01t10:00""#,
        r#""20250101T100000Z""#,
        "[]",
    ] {
        cases.push(investment(
            "bad date-time",
            &format!(
                r#""quantity":"x","offering":99999,"reg_cf_disclosure_acknowledged_at":{value}"#
            ),
        ));
    }
    for value in [r#""zz""#, r#""""#, "7", "null"] {
        cases.push(investment(
            "bad choice",
            &format!(r#""quantity":1,"offering":99999,"requested_payment_method":{value}"#),
        ));
    }
    cases.push(post("bad integer or pk", "investments/").form("quantity=&offering=&investor="));
    cases.push(
        post("bad integer or pk", "investments/")
            .form("quantity=x&offering=x&investor=99999&receive_sms="),
    );
    cases
}

pub(super) fn files() -> Vec<Case> {
    let upload = |file: &str, content: &str| {
        post("upload", "kyb_documents/").multipart(&[
            ("entity", None, "<entity>"),
            ("type", None, "other"),
            ("side", None, "front"),
            ("storage_content", Some(file), content),
        ])
    };
    vec![
        upload("articles.pdf", "%PDF-1.7").objects(),
        upload("ARTICLES.PDF", "%PDF-1.7").objects(),
        upload("articles.txt", "x"),
        upload("articles.TXT", "x"),
        upload("articles", "x"),
        upload(".pdf", "x"),
        upload("a.pdf.exe", "x"),
        upload("a.", "x"),
        upload("articles.pdf", ""),
        upload("articles.txt", ""),
        upload(&format!("{}.pdf", "a".repeat(120)), "x"),
        upload("", "x"),
        post("upload", "kyb_documents/").multipart(&[]),
        post("upload", "kyb_documents/").multipart(&[("entity", None, "99999"), ("type", None, "zz"), ("side", None, "left"), ("storage_content", None, "text")]),
        post("upload", "kyb_documents/").multipart(&[("entity", None, ""), ("type", None, ""), ("side", None, ""), ("storage_content", None, "")]),
        post("upload", "kyb_documents/").json("{}"),
        post("upload", "kyb_documents/").json(r#"{"entity":"x","type":null,"side":7,"storage_content":null}"#),
        post("upload", "kyb_documents/").json(r#"{"entity":99999,"type":"other","side":"front","storage_content":7}"#),
        post("upload", "kyb_documents/").json(r#"{"entity":99999,"type":"other","side":"front","storage_content":""}"#),
        get("upload", "kyb_documents/?entity=<entity>&page_size=2").objects(),
        post("upload", "kyb_documents/")
            .json(r#"{"entity":<entity>,"type":"other","side":"back","storage_content":"https://example.com/a.pdf"}"#)
            .by_design("the document shows a URL in JSON: the sandbox takes both"),
    ]
}
