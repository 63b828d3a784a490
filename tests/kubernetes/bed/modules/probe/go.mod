module ardoise.test/bed/probe

go 1.23
