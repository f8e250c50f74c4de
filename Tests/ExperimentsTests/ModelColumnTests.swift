import Datasets
import Execution
import Experiments
import Features
import Foundation
import TestSupport
import Testing

/// A model of a table matches columns by their names.
@Suite struct ModelColumnTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func category(
    _ text: String, _ set: (inout DatasetOptions) -> Void = { _ in }
  ) throws -> DatasetCategory {
    var options = DatasetOptions()
    set(&options)
    return try Dataset(
      at: folder.write(text, to: "table.csv"), options: options
    ).categories[0]
  }

  /// A model that has been in a file.
  private func model(of category: DatasetCategory) throws -> FittedPipeline {
    let detector = try DetectorCatalog.standard.detector(
      named: "kmeans", ["n-clusters": "1"])
    let fitted = try Pipeline(detector: detector)
      .fit(category, in: RunContext())
    let url = folder.file("model.safetensors")
    try fitted.write(to: url)
    return try FittedPipeline(contentsOf: url)
  }

  @Test("Order and further columns do not matter; a missing one is named")
  func names() throws {
    let model = try model(of: category("a,b\n1,50\n2,70\n4,10\n"))
    let expected = try model.scores(for: category("a,b\n3,20\n9,90\n").test)
    let turned = try category("b,extra,a\n20,7,3\n90,8,9\n")
    #expect(try model.scores(for: turned.test) == expected)
    #expect(
      throws: FeatureFault.missingColumns(["b"], there: ["a", "c"])
    ) {
      _ = try model.scores(for: self.category("a,c\n1,2\n3,4\n").test)
    }
  }

  @Test("What stands in for missing numbers was learned in training")
  func fills() throws {
    let model = try model(
      of: category("a,b\n1,50\n2,\n6,10\n") { $0.missing = .mean })
    // The means of training: 3 and 30.
    let expected = try model.scores(for: category("a,b\n3,20\n9,30\n").test)
    let gaps = try category("a,b\n,20\n9,\n") { $0.missing = .mean }
    #expect(try model.scores(for: gaps.test) == expected)
  }

  @Test("Words are the columns that they were in training")
  func words() throws {
    func read(_ text: String) throws -> DatasetCategory {
      try category(text) { $0.categorical = .oneHot }
    }
    let model = try model(of: read("a,p\n1,tcp\n2,udp\n6,tcp\n"))
    let all = try read("a,p\n1,udp\n2,tcp\n3,udp\n").test
    let some = try read("p,a\nudp,1\nudp,3\n").test
    let scores = try model.scores(for: all)
    #expect(try model.scores(for: some) == [scores[0], scores[2]])
  }
}
