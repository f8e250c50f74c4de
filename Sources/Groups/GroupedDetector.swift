import Datasets
import Detectors
import Execution
import Files
import LinearAlgebra

/// One detector for every group of alike samples: for a pool of many products.
///
/// Groups are found in the training samples without labels; a sample is scored
/// by the model of its group. Scores are made comparable by those of the
/// group's training samples, each left out: how many robust deviations a score
/// is above their median. A sample that fits no group is strange by that.
public struct GroupedDetector<Base: Detector>: Detector {
  /// What learns each group.
  public var base: Base
  /// How many groups.
  public var grouping: Grouping

  /// By default: as many groups as are found.
  public init(_ base: Base, grouping: Grouping = .automatic) {
    self.base = base
    self.grouping = grouping
  }

  public func learn(
    from samples: any SampleSource, in context: RunContext
  ) throws -> GroupedModel<Base.Model> {
    try base.check()
    let parts = context.parts([1, 8])
    let groups = try SampleGroups(grouping, of: samples, in: parts[0])
    let places = try groups.ownPlaces(of: samples, in: parts[0])
    let members = (0..<groups.count).map { group in
      places.indices.filter { places[$0] == group }
    }
    let shares = parts[1].parts(members.map { Double($0.count) })
    return GroupedModel(
      groups: groups, shape: context.imageShape,
      parts: try members.indices.map { group in
        let steps = shares[group].named("group \(group + 1) of \(groups.count)")
          .parts([1, 1])
        let rows = try samples.selecting(members[group])
        let model = try base.fit(rows, in: steps[0])
        return try GroupedModel.Part(
          model,
          heldOut: try model.knownHeldOutScores
            ?? base.heldOutScores(of: rows, in: steps[1]),
          of: rows, in: steps[1])
      })
  }
}

extension SampleSource {
  /// Some of the rows, in memory where all are.
  fileprivate func selecting(_ rows: [Int]) throws -> any SampleSource {
    self is Matrix
      ? try matrix(ofRows: rows) : SelectedRows(source: self, indices: rows)
  }
}
