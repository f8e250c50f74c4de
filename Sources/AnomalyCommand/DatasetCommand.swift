import AnomalyKit
import ArgumentParser
import Foundation

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Look at a dataset, make one up, or change its layout.",
    subcommands: [Info.self, Synthesize.self, Convert.self])
}

extension DatasetCommand {
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print what a dataset holds.",
      discussion: "--help-hidden lists the options of single layouts too.")

    @OptionGroup var data: DatasetArguments

    @Flag(help: "Print one JSON document instead of a table.")
    var json = false

    @Option(
      help: ArgumentHelp(
        "Also find groups of alike training samples, as a pool is fitted by.",
        valueName: "auto|N"))
    var groups: Grouping?

    @Option(help: "--groups: a PNG file to write, with pictures of each.")
    var sheet: String?

    func validate() throws {
      guard groups != nil || sheet == nil else {
        throw ValidationError("--sheet needs --groups")
      }
      guard groups == nil || !json else {
        throw ValidationError("give --groups or --json, not both")
      }
    }

    func run() throws {
      let session = Session(try RunArguments.parse([]))
      let dataset = try session.run {
        let dataset = try data.open(seed: 0, in: session.context)
        let report = DatasetReport(dataset)
        try StandardStreams.print(json ? report.json : report.text)
        return dataset
      }
      guard let groups else { return }
      let found = try session.run {
        GroupsReport(
          try DatasetGroups(
            of: dataset.pooled(), groups, in: session.context))
      }
      try StandardStreams.print("\n" + found.text)
      if let sheet { try found.write(to: URL(fileURLWithPath: sheet)) }
    }
  }

  struct Synthesize: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make up a dataset.",
      discussion: """
        mvtec: images of three products with defects and masks, the counts \
        for each product and kind of defect. npy: two arrays of 64x64 colour \
        pictures, as many as you like, to see how time and memory grow.
        """)

    @Option(help: "The layout: mvtec or npy.")
    var layout: Layout = .mvtec

    @Flag(
      help: "mvtec: smaller and stranger defects; other light, shift and dirt.")
    var hard = false

    @Option(help: "Determines every pixel.")
    var seed: UInt64 = 7

    @Option(help: "Ordinary training images.")
    var train = 80

    @Option(help: "Ordinary test images.")
    var good = 24

    @Option(help: "Anomalous test images.")
    var defective = 12

    @Option(help: "The folder to write; it must not exist yet or be empty.")
    var output: String

    enum Layout: String, CaseIterable, ExpressibleByArgument {
      case mvtec
      case npy
    }

    private static let mostSamples = 10_000_000

    func validate() throws {
      guard
        [train, good, defective].allSatisfy({ 1...Self.mostSamples ~= $0 })
      else {
        throw ValidationError("counts must be 1 to \(Self.mostSamples)")
      }
      guard !hard || layout == .mvtec else {
        throw ValidationError("--hard is for the layout mvtec")
      }
    }

    func run() throws {
      let session = Session(try RunArguments.parse([]))
      let url = URL(fileURLWithPath: output)
      try session.run {
        switch layout {
        case .mvtec:
          try SyntheticInspection(
            isHard: hard, seed: seed, trainCount: train, goodCount: good,
            defectCount: defective
          ).write(to: url, in: session.context)
        case .npy:
          try SyntheticArrays(
            seed: seed, trainCount: train, goodCount: good,
            defectCount: defective
          ).dataset.write(
            as: .npy, to: url, in: session.context)
        }
      }
    }
  }

  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a dataset in another layout.",
      discussion: "--help-hidden lists the options of single layouts too.")

    @OptionGroup var data: DatasetArguments

    @Option(help: "The layout to write.")
    var to: DatasetKind

    @Option(help: "Resample images to this many pixels a side.")
    var size: Int?

    @Option(help: "The channels of images: automatic, grey or rgb.")
    var color: ColorMode = .automatic

    @OptionGroup var arguments: RunArguments

    @Option(help: "The folder or file to write; it must not exist yet.")
    var output: String

    func run() throws {
      let session = Session(arguments)
      try session.run {
        try data.open(seed: arguments.seed, in: session.context).write(
          as: to, to: URL(fileURLWithPath: output),
          size: size.map { PixelSize(square: $0) }, color: color,
          in: session.context)
      }
    }
  }
}
