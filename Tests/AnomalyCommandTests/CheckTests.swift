import AnomalyKit
import Foundation
import TestSupport
import Testing

/// `anomaly check` on generated pictures.
@Suite struct CheckTests {
  private let folder: TemporaryFolder

  private static let size = PixelSize(width: 96, height: 80)
  private static let defect = (columns: 30..<48, rows: 44..<60)

  init() throws {
    folder = try TemporaryFolder()
    for number in 0..<20 {
      try write(number, to: "good/\(number).png")
    }
    for number in 20..<24 {
      try write(number, to: "new/fine/\(number).png")
    }
    try write(24, isDefective: true, to: "new/broken/0.png")
    try write(25, isDefective: true, to: "new/0.png")
  }

  /// Stripes of changing phase and brightness, and noise.
  private func write(
    _ number: Int, isDefective: Bool = false, to name: String
  ) throws {
    var generator = SeededGenerator(seed: UInt64(number))
    let phase = Float(generator.normal())
    let light = 0.45 + 0.02 * Float(generator.normal())
    let (width, height) = (Self.size.width, Self.size.height)
    var image = RasterImage(
      shape: ImageShape(height: height, width: width, channels: 3),
      values: (0..<width * height).flatMap { pixel in
        let value =
          light + 0.2 * sin(Float(pixel % width) / 3 + phase)
          + 0.02 * Float(generator.normal())
        return [value, value, 0.8 * value]
      })
    if isDefective {
      for y in Self.defect.rows {
        for x in Self.defect.columns {
          for channel in 0..<3 { image[x, y, channel] = 0.9 }
        }
      }
    }
    try folder.write(PNG.data(of: image), to: name)
  }

  private func check(
    _ good: String = "good", _ new: String = "new", _ options: String...,
    output: String = "out"
  ) throws -> CommandRun {
    try CommandRun(
      ["check", good, new, "--output", output] + options, in: folder.url)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: folder.file(name), encoding: .utf8)
  }

  private struct Document: Decodable {
    struct Picture: Decodable {
      struct Region: Decodable {
        struct Box: Decodable {
          var x, y, width, height: Int
        }
        var box: Box
        var area: Int
      }
      var id, overlay, mask: String
      var width, height: Int
      var isStrange: Bool
      var regions: [Region]
    }
    var isPromised: Bool
    var goodPicturesNeeded: Int
    var pictures: [Picture]
  }

  private func document(_ folder: String = "out") throws -> Document {
    try JSONDecoder().decode(
      Document.self, from: Data(text("\(folder)/checked.json").utf8))
  }

  @Test("A planted defect is found where it is, good pictures pass")
  func planted() throws {
    let run = try check("good", "new", "--false-alarms", "0.05")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.output == "2 of 6 pictures are strange: see out/report.html\n")
    #expect(!run.errors.contains("too few"))
    let document = try document()
    #expect(document.isPromised)
    #expect(document.pictures.count == 6)
    for picture in document.pictures {
      let isBroken = ["0", "broken/0"].contains(picture.id)
      #expect(picture.isStrange == isBroken, "\(picture.id)")
      #expect(
        PixelSize(width: picture.width, height: picture.height) == Self.size)
      let overlay = try PictureFile.decode(
        folder.file("out/\(picture.overlay)"))
      let mask = try PictureFile.decode(folder.file("out/\(picture.mask)"))
      #expect(overlay.size == Self.size && mask.size == Self.size)
      #expect(
        mask.values.count { $0 == 1 }
          == picture.regions.map(\.area).reduce(0, +))
      if isBroken {
        let box = try #require(picture.regions.first).box
        let margin = 10
        #expect(
          Self.defect.columns.lowerBound - margin...Self.defect.columns
            .lowerBound + margin ~= box.x)
        #expect(
          Self.defect.rows.lowerBound - margin...Self.defect.rows.lowerBound
            + margin ~= box.y)
        #expect(abs(box.width - Self.defect.columns.count) <= 2 * margin)
        #expect(abs(box.height - Self.defect.rows.count) <= 2 * margin)
      }
    }
    let rows = try text("out/checked.csv").split(separator: "\n")
    #expect(rows[0] == "id,image,score,decision,regions,overlay,mask")
    #expect(rows.count == 7)
    #expect(rows.count { $0.contains(",strange,") } == 2)
    #expect(
      try text("out/regions.csv").split(separator: "\n").count
        == 1 + document.pictures.map(\.regions.count).reduce(0, +))
    #expect(try text("out/report.html").contains("2 of 6 pictures are strange"))
  }

  /// Grey waves of 64 x 64 pixels, the last with a white square from (24, 20)
  /// on, of 16 pixels a side: Pillow 13.0.0, quality 25, optimised.
  private static let jpegs = [
    (
      "good/0.jpg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAFwABAQEBAAAAAAAAAAAAAAAABAUAA//EABoQAAIDAQEAAAAAAAAAAAAAAAAEAzEz
      MgH/2gAIAQEAAD8A7RZgWexClGboOt2PkzJvuhRhzNFmBZ7EKUZug63Y+TMm+6FGHM0W
      YFnsQpRm6Drdj5Myb7oUYczRZgWexClGboOt2PkzJvuhRhzNFmBZ7EKUZug63Y+TMm+6
      FGHM0WYFnsQpRm6Drdj5Myb7oUYczRZgWexClGboOt2PkzJvuhRhzNFmBZ7EKUZug63Y
      +TMm+6FGHM//2Q==
      """
    ),
    (
      "good/1.JPG",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAFwABAQEBAAAAAAAAAAAAAAAABAUBA//EABoQAAIDAQEAAAAAAAAAAAAAAAAEAzEz
      MgH/2gAIAQEAAD8A7T5k7zQpR5gGexKlGN0HW7Hy5mT5k7zQpR5gGexKlGN0HW7Hy5mT
      5k7zQpR5gGexKlGN0HW7Hy5mT5k7zQpR5gGexKlGN0HW7Hy5mT5k7zQpR5gGexKlGN0H
      W7Hy5mT5k7zQpR5gGexKlGN0HW7Hy5mT5k7zQpR5gGexKlGN0HW7Hy5mT5k7zQpR5gGe
      xKlGN0HW7Hy5n//Z
      """
    ),
    (
      "good/2.jpeg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAAAAwEBAAAAAAAAAAAAAAAAAgQFAwH/xAAaEAACAwEBAAAAAAAAAAAAAAAABAMx
      MzIC/9oACAEBAAA/ABcM1OhufMn+dClHmT2OxpSgXKOOGanQ3PmT/OhSjzJ7HY0pQLlH
      HDNTobnzJ/nQpR5k9jsaUoFyjjhmp0Nz5k/zoUo8yex2NKUC5RxwzU6G58yf50KUeZPY
      7GlKBco44ZqdDc+ZP86FKPMnsdjSlAuUccM1OhufMn+dClHmT2OxpSgXKOOGanQ3PmT/
      ADoUo8yex2NKUC5R/9k=
      """
    ),
    (
      "good/3.jpg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAAAAwEBAAAAAAAAAAAAAAAAAgQFAwH/xAAZEAACAwEAAAAAAAAAAAAAAAAABAIy
      MwP/2gAIAQEAAD8AU7aDqtTFwFSw13oT4aFKGZPYuc7aDqtTFwFSw13oT4aFKGZPYuc7
      aDqtTFwFSw13oT4aFKGZPYuc7aDqtTFwFSw13oT4aFKGZPYuc7aDqtTFwFSw13oT4aFK
      GZPYuc7aDqtTFwFSw13oT4aFKGZPYuc7aDqtTFwFSw13oT4aFKGZPYuc7aDqtTFwFSw1
      3oT4aFKGZPYuf//Z
      """
    ),
    (
      "good/4.jpg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAABAQEBAQAAAAAAAAAAAAAABAUCAwD/xAAbEAACAwADAAAAAAAAAAAAAAAABAMy
      MwIxQ//aAAgBAQAAPwAsWhS8ybNoNVocXOzKlhTFAHDQ9FoUvMmzaDVaHFzsypYUxQBw
      0PRaFLzJs2g1Whxc7MqWFMUAcND0WhS8ybNoNVocXOzKlhTFAHDQ9FoUvMmzaDVaHFzs
      ypYUxQBw0PRaFLzJs2g1Whxc7MqWFMUAcND0WhS8ybNoNVocXOzKlhTFAHDQ9FoUvMmz
      aDVaHFzsypYUxQBw0P/Z
      """
    ),
    (
      "good/5.jpg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAAAAgMAAAAAAAAAAAAAAAAABAUBAgP/xAAaEAACAwEBAAAAAAAAAAAAAAAABAMx
      MjND/9oACAEBAAA/AKJ2bNZAoegx8xdL0DlsA7dkKWWTs2ayBQ9Bj5i6XoHLYB27IUss
      nZs1kCh6DHzF0vQOWwDt2QpZZOzZrIFD0GPmLpegctgHbshSyydmzWQKHoMfMXS9A5bA
      O3ZCllk7NmsgUPQY+Yul6By2AduyFLLJ2bNZAoegx8xdL0DlsA7dkKWWTs2ayBQ9Bj5i
      6XoHLYB27IUs/9k=
      """
    ),
    (
      "new/fine.jpg",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAAAAwEBAAAAAAAAAAAAAAAAAwQFAgH/xAAZEAACAwEAAAAAAAAAAAAAAAAABAMy
      MwH/2gAIAQEAAD8ALBQUbsbTCtVE4dCj3MmyaD61DsFBRuxtMK1UTh0KPcybJoPrUOwU
      FG7G0wrVROHQo9zJsmg+tQ7BQUbsbTCtVE4dCj3MmyaD61DsFBRuxtMK1UTh0KPcybJo
      PrUOwUFG7G0wrVROHQo9zJsmg+tQ7BQUbsbTCtVE4dCj3MmyaD61DsFBRuxtMK1UTh0K
      PcybJoPrUP/Z
      """
    ),
    (
      "new/dent.JPEG",
      """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQ
      dGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCABAAEABAREA
      /8QAGAABAQEBAQAAAAAAAAAAAAAABQQDAAL/xAAgEAACAgICAwEBAAAAAAAAAAAAMwME
      AjIREwWC4QFD/9oACAEBAAA/AN5FhuTBGBZHa2NKZpa1JIGCGSzpFhuTBGBZHa2NKZpa
      1JIGCGSzpFhuTBGBZvL4js/ee/j0+nqHxfV/bn1+kVrUkgYIZLOkWG5MEYFjRwDa1JIG
      CGSzpFhuTBGBZvL5fr/eOjn3+HqHynb/AB49vhFa1JIGCGSzpFhuTBGBZHa2NKZpa1JI
      GCGSzpFhuTBGBZHa2NKZpa1JIGCGSzpFhuTBGBZHa2NKZpa1JIGCGSz/2Q==
      """
    ),
  ]

  @Test("JPEG files are checked, whatever the case of their endings")
  func jpegs() throws {
    for (name, text) in Self.jpegs {
      let bytes = try #require(
        Data(base64Encoded: text, options: .ignoreUnknownCharacters))
      try folder.write(bytes, to: "jpeg/" + name)
    }
    let run = try check("jpeg/good", "jpeg/new")
    #expect(run.status == 0, "\(run.errors)")
    let pictures = try document().pictures
    #expect(pictures.map(\.id) == ["dent", "fine"])
    #expect(pictures.map(\.isStrange) == [true, false])
    let box = try #require(pictures[0].regions.first).box
    #expect(box.x..<box.x + box.width ~= 32)
    #expect(box.y..<box.y + box.height ~= 28)
    #expect(box.width * box.height < 64 * 64 / 2)
    let overlay = try PictureFile.decode(
      folder.file("out/\(pictures[0].overlay)"))
    #expect(overlay.size == PixelSize(square: 64))
  }

  @Test("With too few good pictures a line and the JSON say so")
  func tooFew() throws {
    let run = try check()
    #expect(run.status == 0)
    #expect(run.errors.contains("20 good pictures are too few"))
    #expect(run.errors.contains("take 99"))
    let document = try document()
    #expect(!document.isPromised)
    #expect(document.goodPicturesNeeded == 99)
  }

  @Test("A kept model gives the same bytes, for the same pictures alone")
  func keptModel() throws {
    let names = ["checked.csv", "regions.csv", "checked.json"]
    func files(_ output: String) throws -> [Data] {
      try
        (names
        + document(output).pictures.flatMap { [$0.overlay, $0.mask] }).map {
          try Data(contentsOf: folder.file("\(output)/\($0)"))
        }
    }
    _ = try check(output: "without")
    _ = try check("good", "new", "--model", "model", output: "first")
    let model = try Data(contentsOf: folder.file("model"))
    _ = try check("good", "new", "--model", "model", output: "second")
    #expect(try files("first") == files("without"))
    #expect(try files("second") == files("first"))
    #expect(try Data(contentsOf: folder.file("model")) == model)

    try check("good", "new", "--model", "model", "--seed", "1")
      .expectRefusal(status: 64, mentioning: "model", "seed")
    try check("good", "new", "--model", "model", "--detector", "local-knn")
      .expectRefusal(status: 64, mentioning: "local-pca")
    try check("good", "new", "--model", "model", "--size", "64")
      .expectRefusal(status: 64, mentioning: "another size")
    try write(30, to: "good/30.png")
    try check("good", "new", "--model", "model")
      .expectRefusal(status: 64, mentioning: "other good pictures")
  }

  @Test("Pictures that are seen much smaller than they are come with a note")
  func lostDetail() throws {
    let told = try check("good", "new", "--size", "8", output: "tiny").errors
    #expect(
      told.contains("96 x 80 pixels are seen at 8 x 8")
        && told.contains("12 x 12")
        && told.contains("--size 32"))
    let fitting = try check("good", "new", "--size", "12").errors
    #expect(!fitting.contains("seen at"))
  }

  @Test("A picture that cannot be read is told, and the others are checked")
  func unreadable() throws {
    try folder.write("no picture", to: "new/7.png")
    let run = try check("good", "new")
    #expect(run.status == 65)
    #expect(
      run.output.hasPrefix(
        "2 of 6 pictures are strange, 1 more cannot be read"))
    #expect(
      run.errors.contains("anomaly: error: ") && run.errors.contains("7.png"))
    let row = try text("out/checked.csv").split(separator: "\n")
      .first { $0.hasPrefix("7,") }
    #expect(row?.hasSuffix(",,unreadable,,,") ?? false)
  }

  @Test("What cannot be checked is refused in a line, and nothing is written")
  func refusals() throws {
    try check("good/0.png").expectRefusal(status: 65, mentioning: "too few")
    try check("nowhere").expectRefusal(status: 74, mentioning: "nowhere")
    try folder.write("", to: "empty.txt")
    try check("good", "empty.txt")
      .expectRefusal(status: 65, mentioning: "empty.txt")
    for rate in ["0", "1", "-1"] {
      try check("good", "new", "--false-alarms=\(rate)")
        .expectRefusal(status: 64, mentioning: "false alarms")
    }
    try check("good", "new", "--detector", "pca")
      .expectRefusal(status: 64, mentioning: "local-pca")
    try check("good", "new", output: "new/out")
      .expectRefusal(status: 64, mentioning: "among the pictures")
    #expect(
      try folder.contents == ["empty.txt", "good", "new"])
  }
}
