# The peer in R: ranger, on one core. Reads the CSV file named by its argument,
# then a command a line: IMPORTANCE TREES SEED; answers each with a line of JSON.
suppressMessages(library(ranger))
runs <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE)
commands <- file("stdin", "r")
while (length(line <- readLines(commands, 1)) > 0) {
  word <- strsplit(line, " ")[[1]]
  cost <- system.time(
    forest <- ranger(dependent.variable.name = "val_loss", data = runs, importance = word[1],
                     num.trees = as.integer(word[2]), seed = as.integer(word[3]),
                     mtry = ncol(runs) - 1, min.node.size = 1, num.threads = 1, verbose = FALSE))
  cat(sprintf('{"cost": [%f, %f], "r2": %f, "version": "%s"}\n', cost[["user.self"]] + cost[["sys.self"]],
              cost[["elapsed"]], forest$r.squared, packageVersion("ranger")))
  flush(stdout())
}
