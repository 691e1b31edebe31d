#![expect(clippy::arithmetic_side_effects, reason = "tests count by hand")]

use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Tree {
    parse(text).unwrap()
}

fn root(tree: &Tree) -> NodeId {
    tree.documents()[0]
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// Line and column by counting, without the line index.
fn counted(text: &str, offset: usize) -> (u32, u32) {
    let before = text[..offset].trim_start_matches('\u{feff}');
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

fn at(tree: &Tree, id: NodeId) -> (u32, u32) {
    let (line, column) = tree.at(id);
    (line.get(), column.get())
}

#[test]
fn a_value_is_found_by_its_path_and_knows_its_place() {
    let text = "# head\non:\n  push: {branches: [main, 'it''s']}\nü: é\n";
    let tree = tree(text);
    let on = tree.get(root(&tree), "on").unwrap();
    let branches = tree.get(tree.get(on, "push").unwrap(), "branches").unwrap();
    let second = tree.items(branches)[1];
    assert_eq!(tree.text(second), Some("it's"));
    assert_eq!(&text[tree.node(second).span.clone()], "'it''s'");
    assert_eq!(&text[tree.node(branches).span.clone()], "[main, 'it''s']");
    assert_eq!(at(&tree, second), counted(text, text.find("'it").unwrap()));
    let last = tree.get(root(&tree), "ü").unwrap();
    assert_eq!(at(&tree, last), (4, 4));
    assert_eq!(tree.comments(), [Comment { span: 0..6, text: " head".to_owned() }]);
}

#[test]
fn a_block_ends_at_its_last_value() {
    let text = "a:\n  b: 1\n  c: 2\n\nd: 3\n";
    let tree = tree(text);
    let a = tree.get(root(&tree), "a").unwrap();
    assert_eq!(&text[tree.node(a).span.clone()], "b: 1\n  c: 2");
}

#[test]
fn numbers_and_booleans_stay_text() {
    let tree = tree("go: 1.20\non: yes\nempty:\nnull: ~\nquoted: ''\n");
    let root = root(&tree);
    assert_eq!(tree.text(tree.get(root, "go").unwrap()), Some("1.20"));
    assert_eq!(tree.text(tree.get(root, "on").unwrap()), Some("yes"));
    assert_eq!(tree.text(tree.get(root, "empty").unwrap()), Some(""));
    assert!(tree.is_null(tree.get(root, "empty").unwrap()));
    assert!(tree.is_null(tree.get(root, "null").unwrap()));
    assert!(!tree.is_null(tree.get(root, "quoted").unwrap()));
}

#[test]
fn a_tag_is_kept() {
    let tree = tree("script: !reference [.setup, script]\n");
    let script = tree.get(root(&tree), "script").unwrap();
    assert_eq!(tree.node(script).tag.as_deref(), Some("!reference"));
}

#[test]
fn byte_order_mark_crlf_and_tab_after_colon() {
    let text = "\u{feff}a:\t1\r\nb: |\r\n  x\r\n  y\r\n";
    let tree = tree(text);
    let root = root(&tree);
    assert_eq!(at(&tree, root), (1, 1));
    assert_eq!(tree.text(tree.get(root, "a").unwrap()), Some("1"));
    assert_eq!(at(&tree, tree.get(root, "a").unwrap()), (1, 4));
    let b = tree.get(root, "b").unwrap();
    assert_eq!(tree.text(b), Some("x\ny\n"));
    let y = tree.offset_in_scalar(b, 2).unwrap();
    assert_eq!(&text[y..=y], "y");
}

#[test]
fn documents_of_a_stream() {
    let tree = tree("---\na: 1\n---\na: 2\n...\n");
    let values: Vec<_> =
        tree.documents().iter().map(|id| tree.text(tree.get(*id, "a").unwrap()).unwrap()).collect();
    assert_eq!(values, ["1", "2"]);
    assert!(parse("").unwrap().documents().is_empty());
    assert!(parse("# only\n").unwrap().documents().is_empty());
}

#[test]
fn merge_keys_fill_in_what_is_missing() {
    let tree = tree(
        "base: &base {image: a, stage: b}\nmore: &more {<<: *base, stage: c, retry: 2}\n\
         one: {<<: *more, image: own}\nlist: {<<: [*base, *more]}\nquoted: {'<<': *base}\n",
    );
    let show = |name: &str| {
        let entries = tree.entries(tree.get(root(&tree), name).unwrap());
        let texts: Vec<_> = entries
            .iter()
            .map(|(k, v)| format!("{}={}", text_of(&tree, *k), text_of(&tree, *v)))
            .collect();
        texts.join(" ")
    };
    insta::assert_snapshot!(show("one"), @"image=own stage=c retry=2");
    insta::assert_snapshot!(show("list"), @"image=a stage=b retry=2");
    insta::assert_snapshot!(show("quoted"), @"<<=-");
    let list = tree.get(root(&tree), "list").unwrap();
    assert_eq!(tree.text(tree.get(list, "stage").unwrap()), Some("b"));
    assert_eq!(tree.get(list, "<<"), None);
}

fn text_of(tree: &Tree, id: NodeId) -> String {
    tree.text(id).unwrap_or("-").to_owned()
}

#[test]
fn aliases_of_themselves_and_of_nothing() {
    let tree = tree("a: &a {<<: *a, k: *a}\nb: &b [*b]\nc: *gone\n<<: [*gone, x]\n");
    let a = tree.get(root(&tree), "a").unwrap();
    assert_eq!(tree.get(a, "k"), Some(a));
    assert_eq!(tree.get(a, "missing"), None);
    let b = tree.get(root(&tree), "b").unwrap();
    assert_eq!(tree.resolve(tree.items(b)[0]), b);
    let c = tree.get(root(&tree), "c").unwrap();
    assert_eq!(tree.node(c).kind, NodeKind::Alias(None));
    assert_eq!((tree.text(c), tree.items(c)), (None, &[][..]));
    assert_eq!(tree.entries(root(&tree)).len(), 3);
}

#[test]
fn duplicate_keys_are_named_and_the_first_counts() {
    let text = "a: 1\nb: {c: 2, 'c': 3}\na: 4\n";
    let tree = tree(text);
    let places: Vec<_> = tree
        .duplicate_keys()
        .into_iter()
        .map(|(first, second)| (tree.node(first).span.start, tree.node(second).span.start))
        .collect();
    assert_eq!(
        places,
        [(text.find("c:").unwrap(), text.find("'c'").unwrap()), (0, text.rfind("a:").unwrap())]
    );
    assert_eq!(tree.text(tree.get(root(&tree), "a").unwrap()), Some("1"));
    assert_eq!(tree.entries(root(&tree)).len(), 2);
}

/// Every byte of the value that has a place stands at that place.
#[track_caller]
fn places_of_bytes(text: &str) -> Vec<Option<char>> {
    let tree = tree(text);
    let value = tree.get(root(&tree), "k").unwrap();
    let chars = tree.text(value).unwrap().char_indices().map(|(index, c)| {
        let offset = tree.offset_in_scalar(value, index)?;
        let written = text[offset..].chars().next();
        (written == Some(c)).then_some(c)
    });
    chars.collect()
}

#[test]
fn every_byte_of_a_literal_block_has_a_place() {
    for text in [
        "k: |\n  go build\n\n    -trimpath\n  é ./...\n",
        "k: |2\n\n    indented\n   less\n\n",
        "j:\n- x\nk: |-\n\n\n a\n b",
        "k: |+\r\n  a\r\n\r\n  b\r\n\r\n",
    ] {
        let tree = tree(text);
        let value = tree.get(root(&tree), "k").unwrap();
        for (index, c) in tree.text(value).unwrap().char_indices() {
            let offset = tree.offset_in_scalar(value, index).unwrap();
            let written = text[offset..].trim_start_matches('\r').chars().next().unwrap();
            assert_eq!(written, c, "byte {index} of {text:?}");
        }
    }
}

#[test]
fn bytes_of_other_scalars_have_a_place_until_they_are_rewritten() {
    let told = |text| places_of_bytes(text).iter().flatten().collect::<String>();
    assert_eq!(told("k: go build -a\n"), "go build -a");
    assert_eq!(told("k: go\n  build\n"), "go");
    assert_eq!(told("k: 'it''s'\n"), "it'");
    assert_eq!(told("k: \"a\\tb\"\n"), "a");
    assert_eq!(told("k: >\n  a\n  b\n"), "");
    let tree = tree("k: ab\n");
    let value = tree.get(root(&tree), "k").unwrap();
    assert_eq!(tree.offset_in_scalar(value, 2), Some(5));
    assert_eq!(tree.offset_in_scalar(value, 3), None);
}

#[test]
fn what_is_refused_says_why() {
    insta::assert_snapshot!(refusal(&"a".repeat(10 << 20)), @"1:1: the file has 10485760 bytes, more than the 1048576 read");
    insta::assert_snapshot!(refusal("a: 1\nb: \0\n"), @"2:4: a NUL byte: this looks like a binary file");
    insta::assert_snapshot!(refusal("a: \u{7}\n"), @r"1:4: unexpected character: `\u{7}'");
    insta::assert_snapshot!(refusal("a: [1\nb: 2\n"), @"2:2: illegal placement of ':' indicator");
    insta::assert_snapshot!(refusal("a:\n\t- b\n"), @"2:2: tabs disallowed within this context (block indentation)");
    insta::assert_snapshot!(refusal(&"[".repeat(100_000)), @"1:256: nested more than 255 levels deep");
    insta::assert_snapshot!(refusal(&"{a: ".repeat(100_000)), @"1:1021: nested more than 255 levels deep");
    insta::assert_snapshot!(refusal(&"- ".repeat(100_000)), @"1:511: nested more than 255 levels deep");
    insta::assert_snapshot!(refusal(&"? ".repeat(100_000)), @"1:511: nested more than 255 levels deep");
}

#[test]
fn many_comments_are_no_obstacle() {
    let text = format!("{}a:\n{}  b: 1\n", "# c\n".repeat(500), "  # c\n".repeat(500));
    assert_eq!(tree(&text).comments().len(), 1000);
}

#[test]
fn billion_laughs_are_only_a_few_nodes() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..50 {
        let before = level - 1;
        text += &format!("a{level}: &a{level} [{}]\n", format!("*a{before}, ").repeat(9));
    }
    assert!(parse(&text).unwrap().nodes().count() < 1000);
}

#[test]
fn merges_in_a_long_chain_neither_overflow_nor_hang() {
    let mut text = "- &m0 {k: v}\n".to_owned();
    for level in 1..1500 {
        text += &format!("- &m{level} {{<<: *m{}}}\n", level - 1);
    }
    let tree = tree(&text);
    let last = *tree.items(root(&tree)).last().unwrap();
    assert_eq!(tree.text(tree.get(last, "k").unwrap()), Some("v"));

    let keys: String = (0..30_000).map(|key| format!("  k{key}: v\n")).collect();
    let bomb = format!("a: &a\n{keys}b:\n{}", "- {<<: *a}\n".repeat(30_000));
    assert!(refusal(&bomb).contains("multiply"));
}

proptest! {
    #[test]
    fn any_text_gives_a_tree_or_an_error(text in any::<String>()) {
        whole(&text);
    }

    #[test]
    fn any_yaml_like_text_gives_a_tree_or_an_error(
        text in "([-?:,\\[\\]{}#&*!|>'\"%@` \t\r\n~<aé\u{feff}]|: |- |\n  |<<: |\\*a|&a ){0,60}"
    ) {
        whole(&text);
    }
}

/// Goes through all of a tree. The spans are slices of the text.
fn whole(text: &str) {
    let Ok(tree) = parse(text) else { return };
    for (id, node) in tree.nodes() {
        prop_slice(text, &node.span);
        assert_eq!(at(&tree, id), counted(text, node.span.start));
        assert!(tree.entries(id).len() <= tree.nodes().count());
        for index in 0..tree.text(id).map_or(0, str::len) {
            if let Some(offset) = tree.offset_in_scalar(id, index) {
                assert!(offset <= text.len());
            }
        }
    }
    for comment in tree.comments() {
        prop_slice(text, &comment.span);
    }
    assert!(tree.duplicate_keys().len() <= tree.nodes().count());
}

fn prop_slice(text: &str, span: &Range<usize>) {
    assert!(text.get(span.clone()).is_some(), "{span:?} is no slice of {text:?}");
}

#[test]
fn any_offset_has_a_position() {
    let tree = tree("é: x\n");
    let counts = |offset| (tree.position(offset).0.get(), tree.position(offset).1.get());
    assert_eq!(counts(1), (1, 1));
    assert_eq!(counts(4), (1, 4));
    assert_eq!(counts(usize::MAX), (2, 1));
}

/// Only the mark that a file begins with is invisible.
#[test]
fn a_byte_order_mark_within_a_text_is_a_character() {
    let lines = super::position::Lines::of("\u{feff}a\n\u{feff}b");
    let column = |offset| lines.position("\u{feff}a\n\u{feff}b", offset).1.get();
    assert_eq!((column(3), column(8)), (1, 2));
    whole("\n\u{feff}|");
}
