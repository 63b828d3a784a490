module ardoise.test/bed/pause

go 1.23
