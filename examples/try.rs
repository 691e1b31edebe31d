fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (x, y) = (std::fs::read(&a[1]).unwrap(), std::fs::read(&a[2]).unwrap());
    let t = std::time::Instant::now();
    let (i, j) = (
        goaudit::binary::image::Image::parse(&x).unwrap(),
        goaudit::binary::image::Image::parse(&y).unwrap(),
    );
    print!("{}", goaudit::binary_diff::try_it(&i, &j));
    eprintln!("{:?}", t.elapsed());
}
