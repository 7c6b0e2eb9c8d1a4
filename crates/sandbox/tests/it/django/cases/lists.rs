//! Pages, filters and orders of lists.

use super::{Case, get};

pub(super) fn pages() -> Vec<Case> {
    let mut cases: Vec<_> = [
        "",
        "page=1",
        "page_size=2",
        "page_size=2&page=2",
        "page_size=1&page=3&status=started&ordering=-id",
        "page_size=1&page=last",
        "page_size=0",
        "page_size=-1",
        "page_size=x",
        "page_size=1.5",
        "page_size=",
        "page_size=100000",
        "page=",
        "page_size=2&page=1",
        "page_size=1&page=2&search=Ada+Byron~*%2F%C3%BC",
        "page_size=1&page=2&zzz=1&aaa=%20&status=&status=started",
        "page_size=1&flag&page=2",
        "page_size=1&page=%202%20",
        "page_size=1&page=02",
        "page_size=1&page_size=2",
        "page_size=%202",
        "page_size=%2B2",
        "page_size=1_0",
    ]
    .into_iter()
    .map(|query| get("pagination", &format!("investments/?{query}")).objects())
    .collect();
    cases.extend(
        [
            "page=0",
            "page=-1",
            "page=99",
            "page=x",
            "page=LAST",
            "page=1.5",
            "page=last2",
            "page=99&status=invested",
            "page=99999999999999999999",
        ]
        .into_iter()
        .map(|query| get("invalid page", &format!("investments/?{query}"))),
    );
    cases.extend([
        get("pagination", "investments/?page=1.0").objects(),
        Case::new("HEAD", "HEAD", "investments/?page_size=1"),
        Case::new("HEAD", "HEAD", "investments/?page=99"),
        get("pagination", "investments/?status=cancelled&page=last").objects(),
    ]);
    cases
}

pub(super) fn filters() -> Vec<Case> {
    let mut cases = Vec::new();
    let selected = |row, query: &str| get(row, &format!("investments/?{query}")).objects();
    let refused = |row, query: &str| get(row, &format!("investments/?{query}"));
    for query in [
        "id__in=<investment>",
        "id__in=<investment>,",
        "id__in=%20<investment>%20,%20",
        "id__in=",
        "id__in=,",
        "id__in=99999",
        "id__in=,,<investment>",
        "status__in=bogus",
        "status__in=started,bogus",
        "status__in=",
        "amount__in=1071,1081.71",
        "amount__in=1071.00,,",
        "investor__entity__email__in=lovelace@example.com,x",
        "investor__type__in=person",
        "offering__in=<offering>",
        "investmentapproval__is_approved__in=x",
        "offering__archived__in=false,x",
        "created_at__in=2025-01-01",
        "price_fees__in=21",
    ] {
        cases.push(selected("__in", query));
    }
    cases.push(
        selected("__in", "investmentapproval__is_approved__in=true").by_design(
            "stock django-filter fails with a 500 on lists of booleans, which the document has",
        ),
    );
    for query in [
        "id__in=a",
        "id__in=<investment>,a",
        "amount__in=a,b",
        "amount__in=1,",
        "offering__in=99999",
        "offering__in=x",
        "created_at__in=x,2025-01-01",
        "id__in=1.5.2",
    ] {
        cases.push(if query.ends_with(',') {
            selected("__in", query)
        } else {
            refused("__in", query)
        });
    }
    for query in [
        "status=bogus",
        "investor__type=zz",
        "offering__type=REG_A",
        "investor__entity__kyc_status=x",
        "status=bogus&amount=x&id=y",
        "status=%3Cb%3E",
    ] {
        cases.push(refused("exact choice", query));
    }
    for query in [
        "status=started",
        "status=received",
        "status=",
        "status=%20started%20",
        "investor__type=person",
        "investor__entity__kyc_status=passed",
        "offering__type=reg_a",
    ] {
        cases.push(selected("exact choice", query));
    }
    for query in [
        "investor=99999",
        "investor=x",
        "investor=1.5",
        "investor=-1",
        "investor__entity=99999",
        "investor__user=99999",
        "offering=0",
        "investor=99999999999999999999",
    ] {
        cases.push(refused("FK exact", query));
    }
    for query in [
        "investor=<investor>",
        "investor=",
        "offering=<offering>",
        "investor__entity=<entity>",
        "investor__user=<user>",
        "investor=%20<investor>",
    ] {
        cases.push(selected("FK exact", query));
    }
    for query in [
        "amount=x",
        "amount__gt=",
        "amount__gte=1,5",
        "amount__lt=NaN",
        "amount__lte=Infinity",
        "id=x",
        "id=1e60",
        "amount=1e51",
        "amount=--1",
        "amount=1%2F2",
        "amount=-1e51",
    ] {
        cases.push(if query.ends_with('=') || query.starts_with("amount=-1") {
            selected("number filter", query)
        } else {
            refused("number filter", query)
        });
    }
    for query in [
        "amount=1071",
        "amount=1071.00",
        "amount=1071.001",
        "amount__gt=1071",
        "amount__gte=1071",
        "amount__gte=1071.001",
        "amount__lt=1081.71",
        "amount__lte=1081.71",
        "amount__lte=1081.709",
        "amount__gt=1e3",
        "amount__gt=%201071%20",
        "amount__gt=-5",
        "id=<investment>",
        "id=<investment>.0",
        "amount__gt=1_000",
    ] {
        cases.push(selected("number filter", query));
    }
    for query in [
        "created_at__gte=x",
        "updated_at__gte=x",
        "created_at__gte=2025-13-01",
        "created_at__gte=2025-02-30T00:00:00Z",
        "created_at=tomorrow",
        "created_at__lte=1700000000",
        "created_at__gte=2025-01-01T25:00",
        "created_at__gte=01/02/2025",
        "processed_at__lte=2025",
        "created_at__gte=2025-01-01T00:00:00Z%20x",
        "created_at__gte=2025-1-1",
    ] {
        cases.push(refused("date-time filter", query));
    }
    for query in [
        "created_at__gte=2025-01-01",
        "updated_at__gte=2025-01-01",
        "created_at__gte=2025-01-01T10:00:00Z",
        "created_at__gte=2025-01-01T10:00:00%2B05:30",
        "created_at__gte=2025-01-01%2010:00",
        "created_at__gte=2025-01-01T10:00",
        "created_at__lte=2025-01-01",
        "created_at__gte=20250101",
        "created_at__gte=2025-01-01T10",
        "created_at__gte=%202025-01-01%20",
        "created_at__gte=",
        "processed_at__gte=2025-01-01",
        "created_at__gte=2025-01-01T10:00:00.123456Z",
        "created_at__gte=2025-01-01T10:00:00.1234567Z",
        "created_at__gte=2025-01-01T10:00:00z",
        "created_at__gte=2025-01-01T10:00:00-0800",
        "created_at__gte=2025-01-01t10:00:00",
    ] {
        cases.push(selected("date-time filter", query));
    }
    for query in [
        "offering__archived=true",
        "offering__archived=false",
        "offering__archived=FALSE",
        "offering__archived=1",
        "offering__archived=0",
        "offering__archived=yes",
        "offering__archived=",
        "investmentapproval__is_approved=true",
        "investmentapproval__is_approved=false",
        "investor__entity__isnull=true",
        "investor__entity__isnull=False",
        "investor__entity__isnull=x",
        "offering__archived=%20true",
    ] {
        cases.push(selected("boolean filter", query));
    }
    for query in [
        "status=received&status=started",
        "status=started&status=",
        "amount=1&amount=1071",
    ] {
        cases.push(selected("repeated parameter", query));
    }
    cases.push(refused("repeated parameter", "status=started&status=bogus"));
    for query in [
        "nonsense=1",
        "status__gt=1",
        "amount__contains=1",
        "STATUS=received",
        "status[]=received",
        "id__lt=1",
        "status=started;id=1",
    ] {
        cases.push(if query.contains(';') {
            refused("unknown parameter", query)
        } else {
            selected("unknown parameter", query)
        });
    }
    for query in [
        "search=lovelace",
        "search=LOVELACE+ada",
        "search=byron,ada",
        "search=%22ada%22",
        "search=nobody",
        "search=",
        "search=100%25",
        "search=%22regulation+a%22",
        "search='regulation+a'",
        "search=ada%09byron",
    ] {
        cases.push(selected("search", query));
    }
    cases.push(refused("search", "search=a%00b"));
    cases.push(refused("number filter", "amount=x&page=99&search=a%00b"));
    cases
}

pub(super) fn orders() -> Vec<Case> {
    [
        "ordering=-amount",
        "ordering=-quantity,id",
        "ordering=nonsense",
        "ordering=nonsense,-amount",
        "ordering=-",
        "ordering=--amount",
        "ordering=%20-amount%20,",
        "ordering=",
        "ordering=status,-id",
        "ordering=offering__name,-amount",
        "ordering=-updated_at,-id",
        "ordering=updated_at,id",
        "ordering=-amount&ordering=amount",
        "ordering=amount,-amount",
        "ordering=%2Bamount",
    ]
    .into_iter()
    .map(|query| get("ordering", &format!("investments/?{query}")).objects())
    .collect()
}
