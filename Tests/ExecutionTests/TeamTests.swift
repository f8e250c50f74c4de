import Execution
import TestSupport
import Testing

@Suite("Processes that share a run")
struct TeamTests {
  @Test("Shares are successive, whole blocks and all", arguments: [1, 2, 3, 8])
  func shares(size: Int) throws {
    let shares = try ThreadTeam.run(of: size) { team in
      (team.share(of: 10), team.rows(of: 1000, blockSize: 300))
    }.map(\.result)
    #expect(shares.flatMap { Array($0.0) } == Array(0..<10))
    #expect(shares.flatMap { Array($0.1) } == Array(0..<1000))
    #expect(
      shares.allSatisfy { $0.1.isEmpty || $0.1.lowerBound % 300 == 0 })
  }

  @Test(
    "All get what is gathered and summed, in the order of ranks",
    arguments: [1, 2, 3, 4, 7, 8])
  func collectives(size: Int) throws {
    let results = try ThreadTeam.run(of: size) { team in
      var spread = team.rank == 0 ? [4.5, 2] : []
      team.spread(&spread)
      return (
        team.gathered([Int](repeating: team.rank, count: team.rank)),
        team.sum([team.rank, 1]), spread
      )
    }.map(\.result)
    let ranks = Array(0..<size)
    for result in results {
      #expect(
        result.0 == ranks.flatMap { [Int](repeating: $0, count: $0) })
      #expect(result.1 == [ranks.reduce(0, +), size])
      #expect(result.2 == [4.5, 2])
    }
  }

  @Test("One process alone has everything")
  func alone() {
    #expect(Team.alone.share(of: 7) == 0..<7)
    #expect(Team.alone.gathered([1, 2]) == [1, 2])
    #expect(Team.alone.sum(3) == 3)
  }
}
