import Experiments
import Testing

@Suite("Shards")
struct ShardTests {
  @Test("Every piece is in one part, and no part has much more to do")
  func parts() throws {
    let costs = (0..<40).map { Double(($0 * 7) % 13 + 1) }
    let parts = try (1...4).map { try #require(Shard($0, of: 4)).takes(costs) }
    for piece in costs.indices {
      #expect(parts.count { $0[piece] } == 1)
    }
    let loads = parts.map { takes in
      zip(costs, takes).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
    }
    let (least, most) = (loads.min() ?? 0, loads.max() ?? 0)
    #expect(most - least <= 13)
    #expect(most > 0)
  }

  @Test("Texts and the variables of schedulers tell which part")
  func texts() {
    #expect(Shard("2/8") == Shard(2, of: 8))
    for text in ["0/8", "9/8", "2", "2/", "/8", "a/b", "1/0", "1/99999"] {
      #expect(Shard(text) == nil, "\(text)")
    }
    #expect(Shard(ofScheduler: [:]) == nil)
    let slurm = [
      "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4",
      "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_STEP": "2",
    ]
    #expect(Shard(ofScheduler: slurm) == Shard(4, of: 4))
    #expect(
      Shard(
        ofScheduler: ["JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "3"])
        == Shard(1, of: 3))
  }
}
